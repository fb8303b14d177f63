package io.vmha.node.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.proto.v1.GroupSnapshot;
import io.vmha.proto.v1.KvContent;
import io.vmha.proto.v1.KvEntry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a backup holds, for people and for programs. */
final class BackupReport {
    private final BackupFile file;
    private final Document recovery;
    private final KvContent kv;

    /** A host that is not simply in service. */
    private record Away(String host, String status, String epoch) {}

    BackupReport(BackupFile file) {
        this.file = file;
        try {
            GroupSnapshot all = parsed(file.state());
            this.recovery = recovery(all);
            this.kv = all.getKv();
        } catch (InvalidProtocolBufferException | Failure e) {
            throw new Failure(
                    ExitCode.REFUSED,
                    "the snapshot is whole but this vmha cannot read the state in it (" + e.getMessage()
                            + "): use the vmha that wrote it, " + file.about().version());
        }
    }

    /** A group that has never had a key has the recovery's JSON alone. */
    private static GroupSnapshot parsed(ByteString state) throws InvalidProtocolBufferException {
        return state.byteAt(0) == '{'
                ? GroupSnapshot.newBuilder().setRecovery(state).build()
                : GroupSnapshot.parseFrom(state);
    }

    private static Document recovery(GroupSnapshot all) {
        return Document.parse(all.getRecovery().toStringUtf8());
    }

    /** The AZ that a state is of; empty before one was enabled. */
    static String azOf(ByteString state) {
        try {
            return recovery(parsed(state)).at("az").text("name");
        } catch (InvalidProtocolBufferException e) {
            throw new Failure(
                    ExitCode.REFUSED, "the daemon's state is not one that this vmha can read: " + e.getMessage());
        }
    }

    List<KvEntry> entries() {
        return kv.getEntriesList();
    }

    private List<Away> away() {
        var away = new ArrayList<Away>();
        hosts().forEach((name, host) -> {
            Document record = new Document(host);
            if (!record.text("status").equals("IN_SERVICE")) {
                away.add(new Away(
                        new Document(name).text(),
                        record.text("status").toLowerCase(Locale.ROOT).replace('_', ' '),
                        record.text("epoch")));
            }
        });
        return away;
    }

    private Map<?, ?> hosts() {
        return recovery.at("hosts").value() instanceof Map<?, ?> map ? map : Map.of();
    }

    private List<String> openIncidents() {
        var open = new ArrayList<String>();
        if (recovery.at("incidents").value() instanceof Map<?, ?> map) {
            map.forEach((id, incident) -> {
                if (!new Document(incident).text("phase").equals("CLOSED")) {
                    open.add(new Document(id).text());
                }
            });
        }
        return open;
    }

    private long held() {
        return entries().stream().filter(e -> !e.getSession().isEmpty()).count();
    }

    private long keyBytes() {
        return entries().stream()
                .mapToLong(e -> e.getKey().length() + e.getValue().size())
                .sum();
    }

    void print(Connection connection, PrintWriter out, String first) {
        if (connection.isJson()) {
            out.println(json());
            return;
        }
        Screen screen = connection.screen();
        if (!first.isEmpty()) {
            screen.line(first);
        }
        BackupFile.About about = file.about();
        screen.fact("az", about.az());
        screen.fact("group", about.group());
        screen.fact("index", about.index() + ", term " + about.term());
        screen.fact("taken", about.takenAt() + " by " + about.takenBy() + " (" + about.version() + ")");
        screen.fact("voters", String.join(", ", about.voters()));
        screen.fact("state", about.bytes() + " bytes, sha256 " + about.sha256());
        screen.fact(
                "keys",
                entries().size() + " with " + keyBytes() + " bytes, " + held() + " of them locked by "
                        + kv.getSessionsCount() + " sessions");
        List<Away> away = away();
        screen.fact("hosts", hosts().size() + ", " + (hosts().size() - away.size()) + " of them in service");
        away.forEach(a -> screen.fact("", a.host() + " " + a.status() + ", epoch " + a.epoch()));
        if (!openIncidents().isEmpty()) {
            screen.fact("incidents", "open when it was taken: " + String.join(", ", openIncidents()));
        }
    }

    private String json() {
        var text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            BackupFile.About about = file.about();
            json.writeStartObject();
            json.writeNumberField("format", BackupFile.FORMAT);
            json.writeStringField("az", about.az());
            json.writeStringField("group", about.group());
            json.writeNumberField("index", about.index());
            json.writeNumberField("term", about.term());
            strings(json, "voters", about.voters());
            json.writeStringField("taken_by", about.takenBy());
            json.writeStringField("taken_at", about.takenAt());
            json.writeStringField("version", about.version());
            json.writeNumberField("bytes", about.bytes());
            json.writeStringField("sha256", about.sha256());
            json.writeNumberField("keys", entries().size());
            json.writeNumberField("key_bytes", keyBytes());
            json.writeNumberField("locked_keys", held());
            json.writeNumberField("sessions", kv.getSessionsCount());
            json.writeNumberField("hosts", hosts().size());
            json.writeArrayFieldStart("hosts_away");
            for (Away away : away()) {
                json.writeStartObject();
                json.writeStringField("host", away.host());
                json.writeStringField("status", away.status());
                json.writeStringField("epoch", away.epoch());
                json.writeEndObject();
            }
            json.writeEndArray();
            strings(json, "open_incidents", openIncidents());
            json.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
        return text.toString();
    }

    private static void strings(JsonGenerator json, String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (String value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }
}
