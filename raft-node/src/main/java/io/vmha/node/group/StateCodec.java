package io.vmha.node.group;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.kv.KvStore;
import io.vmha.node.raft.TooNewException;
import io.vmha.proto.v1.GroupSnapshot;
import io.vmha.proto.v1.LogEntry;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.GroupRecord;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.VmCommand;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Commands and states as bytes. Both are JSON, so that a log or a snapshot can be read with any tool; a command names its kind in
 * {@code @type}. A field that a node does not know is an error: nodes that read an entry differently would drift apart. So what came later than
 * the first build is left out while it says nothing, and said only in groups of its {@link FeatureLevel}: docs/raft.md has the rules.
 */
public final class StateCodec {
    private static final int FORMAT = 1;
    private static final int KV_FORMAT = 2;
    private static final int SNAPSHOT_FORMAT = 2;

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "@type")
    private interface Named {}

    /** What came with level 2. */
    @SuppressWarnings("UnusedVariable") // Jackson looks at the annotations
    private abstract static class SinceQueues {
        @JsonInclude(JsonInclude.Include.NON_DEFAULT)
        private boolean queued;

        @JsonInclude(JsonInclude.Include.NON_ABSENT)
        private OptionalInt agreedLevel;
    }

    private final ObjectMapper json;
    private final int newest;

    /** A codec; safe for use by any number of threads. */
    public StateCodec() {
        this(FeatureLevel.newest());
    }

    /** One that understands no more than a build of this level. */
    public StateCodec(int newest) {
        this.newest = newest;
        var names = new SimpleModule();
        text(names, HostName.class, HostName::value, HostName::new);
        text(names, ServerId.class, ServerId::value, ServerId::new);
        text(names, IncidentId.class, id -> Long.toString(id.value()), text -> new IncidentId(Long.parseLong(text)));
        json = JsonMapper.builder()
                .addModule(new Jdk8Module())
                .addModule(names)
                .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
                .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
                .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
                .addMixIn(Command.class, Named.class)
                .addMixIn(VmCommand.AttemptFailed.class, SinceQueues.class)
                .addMixIn(GroupRecord.class, SinceQueues.class)
                .build();
        commands(Command.class).forEach(kind -> json.registerSubtypes(new NamedType(kind, kind.getSimpleName())));
    }

    /** The highest level that this node understands. */
    public int newest() {
        return newest;
    }

    /** A command as a log entry. */
    public byte[] encode(Command command) {
        try {
            return LogEntry.newBuilder()
                    .setFormat(FORMAT)
                    .setCommand(
                            ByteString.copyFrom(json.writerFor(Command.class).writeValueAsBytes(command)))
                    .build()
                    .toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException("cannot encode " + command, e);
        }
    }

    /**
     * Reads a log entry.
     *
     * @throws IllegalStateException if this node cannot read it: it is newer than this program, or damaged
     */
    public Command decode(byte[] entry) {
        try {
            LogEntry envelope = LogEntry.parseFrom(entry);
            if (envelope.getFormat() != FORMAT) {
                throw new IllegalStateException("a log entry has format " + envelope.getFormat()
                        + " and this program reads " + FORMAT + ": upgrade this node");
            }
            Command command = json.readValue(envelope.getCommand().toByteArray(), Command.class);
            requireUnderstood(command.level());
            return command;
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a log entry is not one of ours: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "a log entry cannot be read by this program, upgrade this node: " + e.getMessage(), e);
        }
    }

    /**
     * A group's level is raised before anything of it is written, so a state of that level comes before what could not be read at all.
     *
     * @throws TooNewException if the group has agreed on more than this node understands
     */
    void requireUnderstood(RecoveryState state) {
        requireUnderstood(state.group().level());
    }

    /** A request of the keys and sessions as a log entry. */
    public byte[] encode(Request request) {
        return LogEntry.newBuilder()
                .setFormat(KV_FORMAT)
                .setKv(KvCodec.encode(request))
                .build()
                .toByteArray();
    }

    /** The request of the keys and sessions that a log entry is; empty if it is a command of the recovery. */
    Optional<Request> kvRequest(byte[] entry) {
        try {
            LogEntry envelope = LogEntry.parseFrom(entry);
            return envelope.getFormat() == KV_FORMAT ? Optional.of(KvCodec.decode(envelope.getKv())) : Optional.empty();
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty(); // decode says what is wrong with it
        }
    }

    /** Everything that the group replicates, as a snapshot. Without keys and sessions it is what older programs read, too. */
    byte[] encode(RecoveryState state, KvStore.Content kv) {
        return kv.isEmpty()
                ? encode(state)
                : GroupSnapshot.newBuilder()
                        .setFormat(SNAPSHOT_FORMAT)
                        .setRecovery(ByteString.copyFrom(encode(state)))
                        .setKv(KvCodec.encode(kv))
                        .build()
                        .toByteArray();
    }

    /**
     * Reads a snapshot of any form.
     *
     * @throws IllegalStateException if it is newer than this program, or damaged
     */
    public GroupState decodeSnapshot(byte[] snapshot) {
        if (snapshot.length > 0 && snapshot[0] == '{') {
            return new GroupState(decodeState(snapshot), Optional.empty());
        }
        try {
            GroupSnapshot message = GroupSnapshot.parseFrom(snapshot);
            if (message.getFormat() != SNAPSHOT_FORMAT) {
                throw new IllegalStateException("a snapshot has format " + message.getFormat()
                        + " and this program reads " + SNAPSHOT_FORMAT + ": upgrade this node");
            }
            return new GroupState(
                    decodeState(message.getRecovery().toByteArray()), Optional.of(KvCodec.decode(message.getKv())));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a snapshot is not one of ours: " + e.getMessage(), e);
        }
    }

    /** What a snapshot holds. */
    public record GroupState(RecoveryState recovery, Optional<KvStore.Content> kv) {}

    /** The recovery state, as a snapshot or an answer. */
    public byte[] encode(RecoveryState state) {
        try {
            return json.writeValueAsBytes(state);
        } catch (IOException e) {
            throw new IllegalStateException("cannot encode the state at " + state.applied(), e);
        }
    }

    /**
     * Reads a snapshot.
     *
     * @throws IllegalStateException if the bytes are not a state of this program's form
     */
    public RecoveryState decodeState(byte[] snapshot) {
        try {
            RecoveryState state = json.readValue(snapshot, RecoveryState.class);
            requireUnderstood(state.group().level());
            return state;
        } catch (IOException e) {
            requireUnderstood(levelOf(snapshot));
            throw new IllegalStateException(
                    "a state cannot be read by this program, upgrade this node: " + e.getMessage(), e);
        }
    }

    private void requireUnderstood(int level) {
        FeatureLevel.tooOld(level, newest).ifPresent(why -> {
            throw new TooNewException(why);
        });
    }

    /** It stays where it is in every later form of a state, so that a program that cannot read the rest can say why. */
    private int levelOf(byte[] snapshot) {
        try {
            return json.readTree(snapshot).path("group").path("agreedLevel").asInt(FeatureLevel.FIRST);
        } catch (IOException e) {
            return FeatureLevel.FIRST; // no JSON at all: the caller says so
        }
    }

    private static Stream<Class<?>> commands(Class<?> kind) {
        return kind.isSealed()
                ? Arrays.stream(kind.getPermittedSubclasses()).flatMap(StateCodec::commands)
                : Stream.of(kind);
    }

    private static <T> void text(
            SimpleModule module, Class<T> type, Function<T, String> write, Function<String, T> read) {
        module.addSerializer(type, new TextSerializer<>(type, write));
        module.addDeserializer(type, new TextDeserializer<>(type, read));
        module.addKeySerializer(type, new TextSerializer<>(type, write) {
            private static final long serialVersionUID = 1L;

            @Override
            public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
                out.writeFieldName(write.apply(value));
            }
        });
        module.addKeyDeserializer(type, new KeyDeserializer() {
            @Override
            public Object deserializeKey(String key, DeserializationContext context) {
                return read.apply(key);
            }
        });
    }

    private static class TextSerializer<T> extends StdSerializer<T> {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // a serializer is never serialized itself
        private final Function<T, String> write;

        TextSerializer(Class<T> type, Function<T, String> write) {
            super(type);
            this.write = write;
        }

        @Override
        public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(write.apply(value));
        }
    }

    private static final class TextDeserializer<T> extends StdDeserializer<T> {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // a deserializer is never serialized itself
        private final Function<String, T> read;

        TextDeserializer(Class<T> type, Function<String, T> read) {
            super(type);
            this.read = read;
        }

        @Override
        public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
            return read.apply(in.getText());
        }
    }
}
