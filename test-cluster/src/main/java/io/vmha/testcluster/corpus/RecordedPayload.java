package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.ConflictResponse;
import io.vmha.gossip.wire.Coordinate;
import io.vmha.gossip.wire.KeyRequest;
import io.vmha.gossip.wire.KeyResponse;
import java.util.ArrayList;
import java.util.List;

/** What a payload inside a message means: a coordinate in an ack, or the question and the answer of one of Serf's own queries. */
final class RecordedPayload {
    private static final int CONFLICT_RESPONSE = 6;
    private static final int KEY_REQUEST = 7;
    private static final int KEY_RESPONSE = 8;

    private RecordedPayload() {}

    /** The place that a node gives with its ack. */
    static void requireCoordinate(JsonNode recorded, Bytes payload) {
        Coordinate read = Coordinate.decode(payload);
        JsonNode place = recorded.path("coord");
        RecordedMeaning.expect("version of the coordinate", payload.at(0), recorded.path("ping_version"));
        RecordedMeaning.expect(
                "coordinate error", read.error(), place.path("Error").asDouble());
        RecordedMeaning.expect(
                "coordinate adjustment",
                read.adjustment(),
                place.path("Adjustment").asDouble());
        RecordedMeaning.expect(
                "coordinate height", read.height(), place.path("Height").asDouble());
        List<Double> vector = new ArrayList<>();
        List<Double> recordedVector = new ArrayList<>();
        for (int i = 0; i < read.dimensions(); i++) {
            vector.add(read.component(i));
        }
        place.path("Vec").forEach(component -> recordedVector.add(component.asDouble()));
        RecordedMeaning.expect("coordinate vector", vector, recordedVector);
        Encodings.isAlike(payload, read.encode(), 1);
    }

    /** The payload of a query or of its response. */
    static void requireSerf(JsonNode recorded, Bytes payload) {
        RecordedMeaning.expect("type of payload", payload.at(0), recorded.path("serf_type"));
        JsonNode fields = recorded.path("fields");
        switch (payload.at(0)) {
            case CONFLICT_RESPONSE -> {
                requireName(recorded, "conflictResponse");
                requireMember(fields, ConflictResponse.decode(payload));
            }
            case KEY_REQUEST -> {
                requireName(recorded, "keyRequest");
                KeyRequest read = KeyRequest.decode(payload);
                RecordedMeaning.expect("key", read.key(), RecordedMeaning.bytes(fields.path("Key")));
                Encodings.isAlike(payload, read.encode(), 1);
            }
            case KEY_RESPONSE -> {
                requireName(recorded, "keyResponse");
                KeyResponse read = KeyResponse.decode(payload);
                requireKeys(fields, read);
                Encodings.isAlike(payload, read.encode(), 1);
            }
            default -> {
                // a payload of users: its bytes have been compared
            }
        }
    }

    private static void requireName(JsonNode recorded, String name) {
        RecordedMeaning.expect(
                "kind of payload", name, recorded.path("serf_name").asText());
    }

    private static void requireKeys(JsonNode fields, KeyResponse read) {
        List<String> keys = new ArrayList<>();
        RecordedMeaning.listed(fields.path("Keys")).forEach(key -> keys.add(key.asText()));
        RecordedMeaning.expect("success", read.success(), fields.path("Result").asBoolean());
        RecordedMeaning.expect("message", read.message(), fields.path("Message").asText(""));
        RecordedMeaning.expect("keys", read.keys(), keys);
        RecordedMeaning.expect(
                "primary key", read.primaryKey(), fields.path("PrimaryKey").asText(""));
    }

    private static void requireMember(JsonNode fields, ConflictResponse read) {
        RecordedMeaning.expect("member", read.name(), fields.path("Name").asText(""));
        RecordedMeaning.expect("its ip", read.address().ip(), RecordedMeaning.bytes(fields.path("Addr")));
        RecordedMeaning.expect(
                "its port", read.address().port(), fields.path("Port").asInt(0));
        RecordedMeaning.expect(
                "its status", read.status(), fields.path("Status").asInt(0));
        RecordedMeaning.expect(
                "its protocol",
                read.vsn().protocolCurrent(),
                fields.path("ProtocolCur").asInt(0));
        RecordedMeaning.expect(
                "its protocol min",
                read.vsn().protocolMin(),
                fields.path("ProtocolMin").asInt(0));
        RecordedMeaning.expect(
                "its protocol max",
                read.vsn().protocolMax(),
                fields.path("ProtocolMax").asInt(0));
        RecordedMeaning.expect(
                "its Serf",
                read.vsn().delegateCurrent(),
                fields.path("DelegateCur").asInt(0));
        RecordedMeaning.expect(
                "its Serf min",
                read.vsn().delegateMin(),
                fields.path("DelegateMin").asInt(0));
        RecordedMeaning.expect(
                "its Serf max",
                read.vsn().delegateMax(),
                fields.path("DelegateMax").asInt(0));
        RecordedMeaning.expect(
                "number of its tags", read.tags().size(), fields.path("Tags").size());
        read.tags()
                .forEach((tag, value) -> RecordedMeaning.expect(
                        "its tag " + tag, value, fields.path("Tags").path(tag).asText()));
    }
}
