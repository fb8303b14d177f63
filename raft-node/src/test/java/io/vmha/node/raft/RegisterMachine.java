package io.vmha.node.raft;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Registers in memory, for tests. An entry {@code k=v} sets one and replies with its number; {@code k?} reads one; a question is
 * answered with name, applied index, voters. Every call asserts that no other one is under way.
 */
final class RegisterMachine implements Replicated {
    private final Map<String, String> registers = new TreeMap<>();
    private final List<VoterSet> configurations = new ArrayList<>();
    private long entries;
    private int restores;
    private Thread inside;

    @Override
    public void reset() {
        enter();
        registers.clear();
        configurations.clear();
        entries = 0;
        leave();
    }

    @Override
    public byte[] apply(LogPosition at, byte[] entry) {
        enter();
        String text = text(entry);
        if (text.equals("throw")) {
            leave();
            throw new IllegalStateException("told to throw");
        }
        int equals = text.indexOf('=');
        registers.put(text.substring(0, equals), text.substring(equals + 1));
        entries++;
        leave();
        return bytes(Long.toString(entries));
    }

    @Override
    public void configured(LogPosition at, VoterSet voters) {
        enter();
        configurations.add(voters);
        leave();
    }

    @Override
    public Optional<String> objection(byte[] entry) {
        enter();
        leave();
        return text(entry).equals("poison") ? Optional.of("poison is not applied") : Optional.empty();
    }

    @Override
    public byte[] snapshot() {
        enter();
        StringBuilder all = new StringBuilder().append(entries).append('\n');
        registers.forEach((k, v) -> all.append(k).append('=').append(v).append('\n'));
        leave();
        return bytes(all.toString());
    }

    @Override
    public void restore(LogPosition at, byte[] snapshot) {
        enter();
        restores++;
        registers.clear();
        configurations.clear();
        String[] lines = text(snapshot).split("\n", -1);
        entries = Long.parseLong(lines[0]);
        for (int i = 1; i < lines.length - 1; i++) {
            int equals = lines[i].indexOf('=');
            registers.put(lines[i].substring(0, equals), lines[i].substring(equals + 1));
        }
        leave();
    }

    @Override
    public byte[] query(byte[] request) {
        enter();
        String key = text(request);
        String value = registers.getOrDefault(key, "");
        leave();
        return bytes(value);
    }

    @Override
    public byte[] peerQuery(byte[] request, Standing standing) {
        enter();
        leave();
        if (text(request).equals("nonsense")) {
            throw new IllegalArgumentException("no such question: nonsense");
        }
        return bytes(standing.self() + " " + standing.applied().index() + " "
                + standing.voters().voters().size() + (standing.voters().joint() ? " joint" : ""));
    }

    synchronized int restores() {
        return restores;
    }

    synchronized String register(String key) {
        return registers.getOrDefault(key, "");
    }

    synchronized long entries() {
        return entries;
    }

    synchronized List<VoterSet> configurations() {
        return List.copyOf(configurations);
    }

    private synchronized void enter() {
        if (inside != null) {
            throw new AssertionError("called by " + Thread.currentThread() + " while in a call by " + inside);
        }
        inside = Thread.currentThread();
    }

    private synchronized void leave() {
        inside = null;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
