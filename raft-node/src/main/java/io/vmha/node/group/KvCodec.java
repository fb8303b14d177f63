package io.vmha.node.group;

import com.google.protobuf.ByteString;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.LockDelay;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.kv.KvEntry;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvSession;
import io.vmha.node.kv.KvStore;
import io.vmha.node.kv.Touched;
import io.vmha.node.kv.Value;
import io.vmha.proto.v1.KvAnswer;
import io.vmha.proto.v1.KvContent;
import io.vmha.proto.v1.KvDelay;
import io.vmha.proto.v1.KvDelete;
import io.vmha.proto.v1.KvExpire;
import io.vmha.proto.v1.KvKnownOutcome;
import io.vmha.proto.v1.KvLift;
import io.vmha.proto.v1.KvNames;
import io.vmha.proto.v1.KvOutcome;
import io.vmha.proto.v1.KvPut;
import io.vmha.proto.v1.KvRequest;
import io.vmha.proto.v1.KvTombstone;
import io.vmha.proto.v1.KvTouched;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.OptionalLong;

/** Commands, questions and answers of the store as messages. */
public final class KvCodec {
    private KvCodec() {}

    static KvRequest encode(Request request) {
        var message = KvRequest.newBuilder().setId(request.id());
        KvCommand command = request.command();
        if (command instanceof KvCommand.Put put) {
            var body = put(put.key(), put.value(), put.flags());
            put.ifIndex().ifPresent(body::setIfIndex);
            message.setPut(body);
        } else if (command instanceof KvCommand.Acquire acquire) {
            message.setPut(put(acquire.key(), acquire.value(), acquire.flags()).setAcquire(acquire.session()));
        } else if (command instanceof KvCommand.Release release) {
            message.setPut(put(release.key(), release.value(), release.flags()).setRelease(release.session()));
        } else if (command instanceof KvCommand.Delete delete) {
            var body = KvDelete.newBuilder().setKey(delete.key());
            delete.ifIndex().ifPresent(body::setIfIndex);
            message.setDelete(body);
        } else if (command instanceof KvCommand.DeleteTree tree) {
            message.setDelete(KvDelete.newBuilder().setKey(tree.prefix()).setTree(true));
        } else if (command instanceof KvCommand.CreateSession create) {
            message.setCreateSession(encode(create.session()));
        } else if (command instanceof KvCommand.EndSession end) {
            message.setEndSession(end.id());
        } else if (command instanceof KvCommand.ExpireSessions expire) {
            message.setExpire(KvExpire.newBuilder().setTerm(expire.term()).addAllSessions(expire.ids()));
        } else if (command instanceof KvCommand.LiftDelays lift) {
            var body = KvLift.newBuilder().setTerm(lift.term());
            lift.delays().forEach(d -> body.addDelays(encode(d)));
            message.setLift(body);
        } else {
            throw new AssertionError(command);
        }
        return message.build();
    }

    private static KvPut.Builder put(String key, Value value, long flags) {
        return KvPut.newBuilder()
                .setKey(key)
                .setValue(ByteString.copyFrom(value.bytes()))
                .setFlags(flags);
    }

    /** @throws IllegalStateException if it is none that this program knows */
    static Request decode(KvRequest message) {
        if (message.getId().isEmpty()) {
            throw new IllegalStateException("a request of the store has no id");
        }
        return new Request(
                message.getId(),
                switch (message.getCommandCase()) {
                    case PUT -> put(message.getPut());
                    case DELETE -> delete(message.getDelete());
                    case CREATE_SESSION -> new KvCommand.CreateSession(decode(message.getCreateSession()));
                    case END_SESSION -> new KvCommand.EndSession(message.getEndSession());
                    case EXPIRE ->
                        new KvCommand.ExpireSessions(
                                message.getExpire().getTerm(),
                                message.getExpire().getSessionsList());
                    case LIFT ->
                        new KvCommand.LiftDelays(
                                message.getLift().getTerm(),
                                message.getLift().getDelaysList().stream()
                                        .map(KvCodec::decode)
                                        .toList());
                    case COMMAND_NOT_SET ->
                        throw new IllegalStateException(
                                "a request of the store cannot be read by this program: upgrade this node");
                });
    }

    private static KvCommand put(KvPut put) {
        Value value = Value.of(put.getValue().toByteArray());
        if (put.hasAcquire()) {
            return new KvCommand.Acquire(put.getKey(), value, put.getFlags(), put.getAcquire());
        }
        if (put.hasRelease()) {
            return new KvCommand.Release(put.getKey(), value, put.getFlags(), put.getRelease());
        }
        return new KvCommand.Put(
                put.getKey(),
                value,
                put.getFlags(),
                put.hasIfIndex() ? OptionalLong.of(put.getIfIndex()) : OptionalLong.empty());
    }

    private static KvCommand delete(KvDelete delete) {
        return delete.getTree()
                ? new KvCommand.DeleteTree(delete.getKey())
                : new KvCommand.Delete(
                        delete.getKey(),
                        delete.hasIfIndex() ? OptionalLong.of(delete.getIfIndex()) : OptionalLong.empty());
    }

    static KvOutcome encode(Outcome outcome) {
        return KvOutcome.newBuilder()
                .setIndex(outcome.index())
                .setDone(outcome.done())
                .setRefusal(outcome.refusal().orElse(""))
                .build();
    }

    /** What became of a request. */
    public static Outcome decode(KvOutcome outcome) {
        return new Outcome(outcome.getIndex(), outcome.getDone(), text(outcome.getRefusal()));
    }

    /** A question to the leader or to a voter. */
    public static io.vmha.proto.v1.KvQuestion encode(KvQuestion question) {
        var message = io.vmha.proto.v1.KvQuestion.newBuilder();
        if (question instanceof KvQuestion.OneKey one) {
            message.setKey(one.key());
        } else if (question instanceof KvQuestion.Tree tree) {
            message.setTree(tree.prefix());
        } else if (question instanceof KvQuestion.Names names) {
            message.setNames(KvNames.newBuilder().setPrefix(names.prefix()).setSeparator(names.separator()));
        } else if (question instanceof KvQuestion.Sessions sessions) {
            message.setSessions(sessions.id().orElse(""));
        } else {
            throw new AssertionError(question);
        }
        return message.build();
    }

    /** @throws IllegalArgumentException if it asks for no content */
    static KvQuestion decode(io.vmha.proto.v1.KvQuestion question) {
        return switch (question.getQuestionCase()) {
            case KEY -> new KvQuestion.OneKey(question.getKey());
            case TREE -> new KvQuestion.Tree(question.getTree());
            case NAMES ->
                new KvQuestion.Names(
                        question.getNames().getPrefix(), question.getNames().getSeparator());
            case SESSIONS -> new KvQuestion.Sessions(text(question.getSessions()));
            case RENEW, TOUCHED_AFTER, QUESTION_NOT_SET ->
                throw new IllegalArgumentException("not a question about the store's content");
        };
    }

    static KvAnswer.Builder encode(KvQuestion.Answer answer) {
        var message = KvAnswer.newBuilder()
                .setIndex(answer.index())
                .setRefusal(answer.refusal().orElse(""));
        answer.entries().forEach(e -> message.addEntries(encode(e)));
        answer.sessions().forEach(s -> message.addSessions(encode(s)));
        return message.addAllNames(answer.names());
    }

    /** An answer to a question about the store's content. */
    public static KvQuestion.Answer decode(KvAnswer answer) {
        return new KvQuestion.Answer(
                answer.getIndex(),
                answer.getEntriesList().stream().map(KvCodec::decode).toList(),
                answer.getNamesList(),
                answer.getSessionsList().stream().map(KvCodec::decode).toList(),
                text(answer.getRefusal()));
    }

    static KvTouched encode(Touched touched) {
        return KvTouched.newBuilder()
                .setIndex(touched.index())
                .addAllKeys(touched.keys())
                .addAllTrees(touched.trees())
                .setSessions(touched.sessions())
                .build();
    }

    /** A change. */
    public static Touched decode(KvTouched touched) {
        return new Touched(touched.getIndex(), touched.getKeysList(), touched.getTreesList(), touched.getSessions());
    }

    static KvContent encode(KvStore.Content content) {
        var message = KvContent.newBuilder()
                .setKeysIndex(content.keysIndex())
                .setSessionsIndex(content.sessionsIndex())
                .setForgottenIndex(content.forgottenIndex());
        content.entries().forEach(e -> message.addEntries(encode(e)));
        content.sessions().forEach(s -> message.addSessions(encode(s)));
        content.delays().forEach(d -> message.addDelays(encode(d)));
        content.tombstones()
                .forEach((key, index) -> message.addTombstones(
                        KvTombstone.newBuilder().setKey(key).setIndex(index)));
        content.outcomes()
                .forEach((id, outcome) -> message.addOutcomes(
                        KvKnownOutcome.newBuilder().setId(id).setOutcome(encode(outcome))));
        return message.build();
    }

    static KvStore.Content decode(KvContent message) {
        var tombstones = new LinkedHashMap<String, Long>();
        message.getTombstonesList().forEach(t -> tombstones.put(t.getKey(), t.getIndex()));
        var outcomes = new LinkedHashMap<String, Outcome>();
        message.getOutcomesList().forEach(o -> outcomes.put(o.getId(), decode(o.getOutcome())));
        return new KvStore.Content(
                message.getEntriesList().stream().map(KvCodec::decode).toList(),
                message.getSessionsList().stream().map(KvCodec::decode).toList(),
                message.getDelaysList().stream().map(KvCodec::decode).toList(),
                tombstones,
                outcomes,
                message.getKeysIndex(),
                message.getSessionsIndex(),
                message.getForgottenIndex());
    }

    private static io.vmha.proto.v1.KvEntry encode(KvEntry entry) {
        return io.vmha.proto.v1.KvEntry.newBuilder()
                .setKey(entry.key())
                .setValue(ByteString.copyFrom(entry.value().bytes()))
                .setFlags(entry.flags())
                .setLockIndex(entry.lockIndex())
                .setSession(entry.session().orElse(""))
                .setCreateIndex(entry.createIndex())
                .setModifyIndex(entry.modifyIndex())
                .build();
    }

    private static KvEntry decode(io.vmha.proto.v1.KvEntry entry) {
        return new KvEntry(
                entry.getKey(),
                Value.of(entry.getValue().toByteArray()),
                entry.getFlags(),
                entry.getLockIndex(),
                text(entry.getSession()),
                entry.getCreateIndex(),
                entry.getModifyIndex());
    }

    private static io.vmha.proto.v1.KvSession encode(KvSession session) {
        return io.vmha.proto.v1.KvSession.newBuilder()
                .setId(session.id())
                .setName(session.name())
                .setNode(session.node())
                .setTtlMs(session.ttlMs())
                .setLockDelayMs(session.lockDelayMs())
                .setDeletes(session.deletes())
                .addAllNodeChecks(session.nodeChecks())
                .setCreateIndex(session.createIndex())
                .setModifyIndex(session.modifyIndex())
                .build();
    }

    private static KvSession decode(io.vmha.proto.v1.KvSession session) {
        return new KvSession(
                session.getId(),
                session.getName(),
                session.getNode(),
                session.getTtlMs(),
                session.getLockDelayMs(),
                session.getDeletes(),
                session.getNodeChecksList(),
                session.getCreateIndex(),
                session.getModifyIndex());
    }

    private static KvDelay encode(LockDelay delay) {
        return KvDelay.newBuilder()
                .setKey(delay.key())
                .setDelayMs(delay.delayMs())
                .setSinceIndex(delay.sinceIndex())
                .build();
    }

    private static LockDelay decode(KvDelay delay) {
        return new LockDelay(delay.getKey(), delay.getDelayMs(), delay.getSinceIndex());
    }

    private static Optional<String> text(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
