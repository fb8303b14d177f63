package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageListener;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.QueryFilter;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessageCodec;
import io.vmha.gossip.wire.SerfMessageListener;
import io.vmha.gossip.wire.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Compares a message as we read it with its recorded meaning. */
final class RecordedMeaning implements MessageListener {
    private static final String RAW = "raw_hex";

    private final JsonNode recorded;

    private RecordedMeaning(JsonNode recorded) {
        this.recorded = recorded;
    }

    /** What we read differs from what was recorded. */
    static final class Difference extends RuntimeException {
        private static final long serialVersionUID = 1;

        Difference(String message) {
            super(message);
        }
    }

    /** Throws the first {@link Difference}, if there is one. */
    static void require(JsonNode recorded, Message message) {
        message.deliverTo(new RecordedMeaning(recorded));
    }

    static void expect(String what, Object read, Object recorded) {
        if (!String.valueOf(read).equals(String.valueOf(recorded))) {
            throw new Difference(what + " is recorded as " + recorded + " but we read " + read);
        }
    }

    private JsonNode field(String kind, String name) {
        expect("kind of message", kind, recorded.path("name").asText());
        return recorded.path("fields").path(name);
    }

    /** The values of a list, or none where there is none. */
    static List<JsonNode> listed(JsonNode node) {
        if (!node.isArray() && !node.isNull() && !node.isMissingNode()) {
            throw new Difference("a list is recorded as " + node);
        }
        List<JsonNode> values = new ArrayList<>();
        node.forEach(values::add);
        return values;
    }

    static Bytes bytes(JsonNode node) {
        JsonNode hex = node.isObject() ? node.path("hex") : node;
        return hex.isNull() || hex.isMissingNode() ? Bytes.EMPTY : Bytes.hex(hex.asText());
    }

    private static Bytes octets(JsonNode list) {
        byte[] content = new byte[list.size()];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) list.get(i).asInt();
        }
        return Bytes.copyOf(content);
    }

    private void requireSource(String kind, Message.Source source) {
        expect("source address ip", source.address().ip(), bytes(field(kind, "SourceAddr")));
        expect(
                "source address port",
                source.address().port(),
                field(kind, "SourcePort").asInt(0));
        expect("source node", source.node(), field(kind, "SourceNode").asText(""));
    }

    @Override
    public void onPing(Message.Ping ping) {
        expect("ping sequence", ping.sequence(), field("ping", "SeqNo").asLong());
        expect("ping node", ping.node(), field("ping", "Node").asText());
        requireSource("ping", ping.source());
    }

    @Override
    public void onIndirectPing(Message.IndirectPing ping) {
        String kind = "indirectPing";
        expect("ping sequence", ping.sequence(), field(kind, "SeqNo").asLong());
        expect("ping node", ping.node(), field(kind, "Node").asText());
        expect("ping wantsNack", ping.wantsNack(), field(kind, "Nack").asBoolean());
        expect(
                "ping target",
                ping.target(),
                new NodeAddress(
                        bytes(field(kind, "Target")), field(kind, "Port").asInt()));
        requireSource(kind, ping.source());
    }

    @Override
    public void onAck(Message.Ack ack) {
        expect("ack sequence", ack.sequence(), field("ackResp", "SeqNo").asLong());
        expect("ack payload", ack.payload(), bytes(field("ackResp", "Payload")));
        if (recorded.path("coordinate").has("coord")) {
            RecordedPayload.requireCoordinate(recorded.path("coordinate"), ack.payload());
        }
    }

    @Override
    public void onNack(Message.Nack nack) {
        expect("nack sequence", nack.sequence(), field("nackResp", "SeqNo").asLong());
    }

    @Override
    public void onSuspect(Message.Suspect suspect) {
        expect("suspect node", suspect.node(), field("suspect", "Node").asText());
        expect("suspect from", suspect.from(), field("suspect", "From").asText());
        expect(
                "suspect incarnation",
                suspect.incarnation(),
                field("suspect", "Incarnation").asLong());
    }

    @Override
    public void onDead(Message.Dead dead) {
        expect("dead node", dead.node(), field("dead", "Node").asText());
        expect("dead from", dead.from(), field("dead", "From").asText());
        expect(
                "dead incarnation",
                dead.incarnation(),
                field("dead", "Incarnation").asLong());
    }

    @Override
    public void onAlive(Message.Alive alive) {
        expect("alive node", alive.node(), field("alive", "Node").asText());
        expect(
                "alive incarnation",
                alive.incarnation(),
                field("alive", "Incarnation").asLong());
        NodeAddress address = new NodeAddress(
                bytes(field("alive", "Addr")), field("alive", "Port").asInt());
        expect("alive address", alive.address(), address);
        expect("alive vsn raw", alive.vsn().raw(), octets(field("alive", "Vsn")));
        requireMeta(alive.meta(), field("alive", "Meta"));
    }

    private static void requireMeta(Bytes meta, JsonNode expected) {
        expect("meta", meta, bytes(expected));
        if (expected.has("tags")) {
            expect(
                    "number of tags",
                    Tags.decode(meta).size(),
                    expected.path("tags").size());
            Tags.decode(meta)
                    .forEach((name, value) -> expect(
                            "tag", value, expected.path("tags").path(name).asText()));
        }
    }

    @Override
    public void onPushPull(Message.PushPull state) {
        expect("kind of message", "pushPull", recorded.path("name").asText());
        expect("state join", state.join(), recorded.path("header").path("Join").asBoolean());
        expect(
                "state userState length",
                state.userState().length(),
                recorded.path("header").path("UserStateLen").asInt());
        expect(
                "state nodes",
                state.nodes().size(),
                recorded.path("header").path("Nodes").asInt());
        expect(
                "number of state nodes",
                state.nodes().size(),
                recorded.path("nodes").size());
        for (int i = 0; i < state.nodes().size(); i++) {
            requireNode(state.nodes().get(i), recorded.path("nodes").get(i));
        }
        JsonNode userState = recorded.path("user_state");
        if (userState.has("fields")) {
            requireSerf(userState, state.userState());
        } else if (userState.has(RAW)) {
            expect(
                    "user state",
                    state.userState(),
                    Bytes.hex(userState.path(RAW).asText()));
        }
    }

    private static void requireNode(NodeState node, JsonNode expected) {
        expect("node name", node.name(), expected.path("Name").asText());
        expect(
                "node incarnation",
                node.incarnation(),
                expected.path("Incarnation").asLong());
        expect("node address ip", node.address().ip(), bytes(expected.path("Addr")));
        expect("node address port", node.address().port(), expected.path("Port").asInt());
        expect(
                "node state code",
                node.state().code(),
                expected.path("State").path("id").asInt());
        expect(
                "node state",
                node.state().name().toLowerCase(Locale.ROOT),
                expected.path("State").path("name").asText());
        expect("node vsn raw", node.vsn().raw(), octets(expected.path("Vsn")));
        requireMeta(node.meta(), expected.path("Meta"));
    }

    @Override
    public void onErrorReply(Message.ErrorReply error) {
        expect("error text", error.text(), field("err", "Error").asText());
    }

    @Override
    public void onUser(Message.User user) {
        expect("kind of message", "user", recorded.path("name").asText());
        JsonNode serf = recorded.path("serf");
        if (serf.has(RAW)) {
            expect("user body", user.body(), Bytes.hex(serf.path(RAW).asText()));
        } else {
            requireSerf(serf, user.body());
        }
    }

    private static void requireSerf(JsonNode expected, Bytes body) {
        SerfMessage message = SerfMessageCodec.decode(body);
        expect("Serf type", body.at(0), expected.path("serf_type").asInt());
        message.deliverTo(new RecordedSerf(expected));
        JsonNode slots = expected.path("fields").path("Events").path("array_length");
        if (slots.asInt(SerfMessageCodec.EVENT_SLOTS) == SerfMessageCodec.EVENT_SLOTS) { // all programs send all slots
            Encodings.isAlike(body, SerfMessageCodec.encode(message), 1);
        }
    }

    private record RecordedSerf(JsonNode expected) implements SerfMessageListener {
        private JsonNode field(String name) {
            return expected.path("fields").path(name);
        }

        private void expectName(String name) {
            expect("kind of Serf message", name, expected.path("serf_name").asText());
        }

        private void requireBody(SerfMessage.EventBody body) {
            expect("body name", body.name(), field("Name").asText());
            expect("body payload", body.payload(), bytes(field("Payload")));
        }

        @Override
        public void onLeaveIntent(SerfMessage.LeaveIntent intent) {
            expectName("leave");
            expect("intent ltime", intent.ltime(), field("LTime").asLong());
            expect("intent node", intent.node(), field("Node").asText());
            expect("intent prune", intent.prune(), field("Prune").asBoolean());
        }

        @Override
        public void onJoinIntent(SerfMessage.JoinIntent intent) {
            expectName("join");
            expect("intent ltime", intent.ltime(), field("LTime").asLong());
            expect("intent node", intent.node(), field("Node").asText());
        }

        @Override
        public void onState(SerfMessage.State state) {
            expectName("pushPull");
            expect("state ltime", state.ltime(), field("LTime").asLong());
            expect("state eventLtime", state.eventLtime(), field("EventLTime").asLong());
            expect("state queryLtime", state.queryLtime(), field("QueryLTime").asLong());
            expect(
                    "number of state statusTimes",
                    state.statusTimes().size(),
                    field("StatusLTimes").size());
            for (Map.Entry<String, Long> entry : state.statusTimes().asMap().entrySet()) {
                expect(
                        "status time",
                        entry.getValue(),
                        field("StatusLTimes").path(entry.getKey()).asLong());
            }
            List<String> left = new ArrayList<>();
            field("LeftMembers").forEach(name -> left.add(name.asText()));
            expect("state leftMembers", state.leftMembers(), left);
            expect(
                    "number of state events",
                    state.events().size(),
                    field("Events").path("non_nil").size());
            List<JsonNode> slots = new ArrayList<>();
            field("Events").path("non_nil").forEach(slots::add);
            for (int i = 0; i < slots.size(); i++) {
                requireSlot(state.events().get(i), slots.get(i));
            }
        }

        private static void requireSlot(SerfMessage.RecentEvents slot, JsonNode expected) {
            expect(
                    "ltime of recent events",
                    slot.ltime(),
                    expected.path("LTime").asLong());
            expect(
                    "number of recent events",
                    slot.events().size(),
                    expected.path("Events").size());
            for (int i = 0; i < slot.events().size(); i++) {
                JsonNode event = expected.path("Events").get(i);
                expect(
                        "recent event",
                        slot.events().get(i).name(),
                        event.path("Name").asText());
                expect("its payload", slot.events().get(i).payload(), bytes(event.path("Payload")));
            }
        }

        @Override
        public void onUserEvent(SerfMessage.UserEvent event) {
            expectName("userEvent");
            expect("event ltime", event.ltime(), field("LTime").asLong());
            expect("event coalesce", event.coalesce(), field("CC").asBoolean());
            requireBody(event.body());
        }

        @Override
        public void onQuery(SerfMessage.Query query) {
            expectName("query");
            expect("query ltime", query.ltime(), field("LTime").asLong());
            expect("query id", query.id(), field("ID").asLong());
            expect("query flags", query.flags(), field("Flags").asLong());
            expect("query timeoutNanos", query.timeoutNanos(), field("Timeout").asLong());
            expect(
                    "query relayFactor",
                    query.relayFactor(),
                    field("RelayFactor").asInt());
            expect("query sourceNode", query.sourceNode(), field("SourceNode").asText());
            expect(
                    "query address",
                    query.address(),
                    new NodeAddress(bytes(field("Addr")), field("Port").asInt()));
            requireFilters(query.filters());
            requireBody(query.body());
            requirePayload(query.body().payload());
        }

        private void requireFilters(List<Bytes> read) {
            List<Bytes> filters = new ArrayList<>();
            listed(field("Filters")).forEach(filter -> filters.add(bytes(filter)));
            expect("query filters", read, filters);
            List<JsonNode> decoded = listed(expected.path("filters_decoded"));
            for (int i = 0; i < decoded.size(); i++) {
                expect("filter", read.get(i), bytes(decoded.get(i)));
                expect("kind of filter", read.get(i).at(0), decoded.get(i).path("filter_type"));
                Encodings.isAlike(read.get(i), filter(decoded.get(i)), 1);
            }
        }

        /** The filter as we would ask with it. */
        private static Bytes filter(JsonNode recorded) {
            JsonNode value = recorded.path("value");
            if (recorded.path("filter_type").asInt() != 0) {
                return QueryFilter.tag(
                        value.path("Tag").asText(), value.path("Expr").asText());
            }
            return QueryFilter.names(
                    listed(value).stream().map(JsonNode::asText).toList());
        }

        private void requirePayload(Bytes payload) {
            if (expected.has("payload_decoded") && !payload.isEmpty()) {
                RecordedPayload.requireSerf(expected.path("payload_decoded"), payload);
            }
        }

        @Override
        public void onQueryResponse(SerfMessage.QueryResponse response) {
            expectName("queryResponse");
            expect("response ltime", response.ltime(), field("LTime").asLong());
            expect("response id", response.id(), field("ID").asLong());
            expect("response from", response.from(), field("From").asText());
            expect("response flags", response.flags(), field("Flags").asLong());
            expect("response payload", response.payload(), bytes(field("Payload")));
            requirePayload(response.payload());
        }

        @Override
        public void onRelay(SerfMessage.Relay relay) {
            expectName("relay");
            expect(
                    "relay destinationName",
                    relay.destinationName(),
                    expected.path("header").path("DestName").asText());
            expect(
                    "relay destination port",
                    relay.destination().port(),
                    expected.path("header").path("DestAddr").path("Port").asInt());
            expect(
                    "relay destination ip",
                    relay.destination().ip(),
                    bytes(expected.path("header").path("DestAddr").path("IP")));
            requireSerf(expected.path("inner"), relay.message());
        }
    }
}
