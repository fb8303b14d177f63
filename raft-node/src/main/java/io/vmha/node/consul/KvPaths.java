package io.vmha.node.consul;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvEntry;
import io.vmha.node.kv.KvLimits;
import io.vmha.node.kv.KvQuestion;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** {@code /v1/kv/KEY}. */
final class KvPaths {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final ConsulApi api;

    KvPaths(ConsulApi api) {
        this.api = api;
    }

    CompletableFuture<ConsulAnswer> answer(ConsulCall call, String key) {
        return switch (call.method()) {
            case "GET" -> get(call, key);
            case "PUT" -> put(call, key);
            case "DELETE" -> delete(call, key);
            default -> ConsulApi.notAllowed(call, "GET", "PUT", "DELETE");
        };
    }

    private CompletableFuture<ConsulAnswer> get(ConsulCall call, String key) {
        if (call.has("keys")) {
            return api.read(call, new KvQuestion.Names(key, call.text("separator")), answer -> {
                ArrayNode names = JSON.arrayNode();
                answer.names().forEach(names::add);
                return names.isEmpty() ? missing() : ConsulAnswer.of(names);
            });
        }
        if (call.has("recurse")) {
            return api.read(call, new KvQuestion.Tree(key), KvPaths::entries);
        }
        if (key.isEmpty()) {
            return ConsulApi.now(400, "Missing key name");
        }
        return api.read(
                call,
                new KvQuestion.OneKey(key),
                answer -> call.has("raw") && !answer.entries().isEmpty()
                        ? ConsulAnswer.raw(answer.entries().get(0).value())
                        : entries(answer));
    }

    private static ConsulAnswer entries(KvQuestion.Answer answer) {
        if (answer.entries().isEmpty()) {
            return missing();
        }
        ArrayNode list = JSON.arrayNode();
        answer.entries().forEach(e -> list.add(entry(e)));
        return ConsulAnswer.of(list);
    }

    private static ConsulAnswer missing() {
        return ConsulAnswer.text(404, "");
    }

    private static ObjectNode entry(KvEntry entry) {
        ObjectNode node = JSON.objectNode().put("LockIndex", entry.lockIndex()).put("Key", entry.key());
        node.put("Flags", new BigInteger(Long.toUnsignedString(entry.flags())));
        node.put(
                "Value",
                entry.value().size() == 0
                        ? null
                        : Base64.getEncoder().encodeToString(entry.value().bytes()));
        entry.session().ifPresent(s -> node.put("Session", s));
        return node.put("CreateIndex", entry.createIndex()).put("ModifyIndex", entry.modifyIndex());
    }

    private CompletableFuture<ConsulAnswer> put(ConsulCall call, String key) {
        Optional<CompletableFuture<ConsulAnswer>> refusal = KvLimits.objectionToKey(key)
                .map(why -> ConsulApi.now(400, why))
                .or(() -> KvLimits.objectionToSize(call.body().size()).map(why -> ConsulApi.now(413, why)))
                .or(() -> conflict(call, "cas", "acquire", "release"));
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Optional<Long> flags = call.has("flags") ? ConsulApi.number(call.text("flags")) : Optional.of(0L);
        Optional<Long> cas = call.has("cas") ? ConsulApi.number(call.text("cas")) : Optional.of(0L);
        if (flags.isEmpty() || cas.isEmpty()) {
            return ConsulApi.now(400, "?flags and ?cas must be numbers from 0 to 18446744073709551615");
        }
        KvCommand command;
        if (call.has("acquire")) {
            command = new KvCommand.Acquire(key, call.body(), flags.get(), call.text("acquire"));
        } else if (call.has("release")) {
            command = new KvCommand.Release(key, call.body(), flags.get(), call.text("release"));
        } else {
            command = new KvCommand.Put(
                    key, call.body(), flags.get(), call.has("cas") ? OptionalLong.of(cas.get()) : OptionalLong.empty());
        }
        return done(command);
    }

    private CompletableFuture<ConsulAnswer> delete(ConsulCall call, String key) {
        Optional<CompletableFuture<ConsulAnswer>> refusal = conflict(call, "recurse", "cas");
        if (refusal.isPresent()) {
            return refusal.get();
        }
        if (call.has("recurse")) {
            return done(new KvCommand.DeleteTree(key));
        }
        if (key.isEmpty()) {
            return ConsulApi.now(400, "Missing key name");
        }
        Optional<Long> cas = call.has("cas") ? ConsulApi.number(call.text("cas")) : Optional.of(0L);
        return cas.isEmpty()
                ? ConsulApi.now(400, "?cas must be a number")
                : done(new KvCommand.Delete(key, call.has("cas") ? OptionalLong.of(cas.get()) : OptionalLong.empty()));
    }

    private CompletableFuture<ConsulAnswer> done(KvCommand command) {
        return api.change(command)
                .thenApply(outcome ->
                        ConsulApi.refusal(outcome).orElseGet(() -> ConsulAnswer.of(JSON.booleanNode(outcome.done()))));
    }

    private static Optional<CompletableFuture<ConsulAnswer>> conflict(ConsulCall call, String... words) {
        List<String> found = new ArrayList<>(Stream.of(words).filter(call::has).toList());
        return found.size() > 1
                ? Optional.of(ConsulApi.now(400, "Conflicting flags: " + String.join(",", found)))
                : Optional.empty();
    }
}
