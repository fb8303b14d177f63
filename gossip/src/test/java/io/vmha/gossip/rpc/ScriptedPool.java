package io.vmha.gossip.rpc;

import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A pool of two members for tests of the protocol alone: joins never end, events and members named "refused" are. */
public final class ScriptedPool implements RpcPool {
    private final List<String> responded = new ArrayList<>();
    private int changes;

    List<String> responded() {
        return List.copyOf(responded);
    }

    /** How often something was asked for that changes a pool. */
    public int changes() {
        return changes;
    }

    @Override
    public List<Member> members() {
        return List.of(RpcSessionTest.member("a", MemberStatus.ALIVE), RpcSessionTest.member("b", MemberStatus.FAILED));
    }

    @Override
    public void join(List<String> addresses, boolean replay, BiConsumer<Integer, String> onDone) {
        if (addresses.contains("refused")) {
            throw new IllegalStateException("the pool refuses");
        }
        changes++;
    }

    @Override
    public void forceLeave(String member, boolean prune, Runnable onDone) {
        changes++;
        onDone.run();
    }

    @Override
    public void leave(Runnable onDone) {
        changes++;
        onDone.run();
    }

    @Override
    public void onLeftByClient() {
        changes++;
    }

    @Override
    public void userEvent(String name, Bytes payload, boolean coalesce) {
        if (name.equals("refused")) {
            throw new IllegalArgumentException("the pool refuses");
        }
        changes++;
    }

    @Override
    public void query(Question question, QueryListener answers) {
        changes++;
        answers.onAck("a");
        answers.onFinished();
    }

    @Override
    public boolean respond(long queryId, Bytes payload) {
        responded.add(queryId + " " + payload);
        return true;
    }

    @Override
    public void changeKey(KeyChange change, Bytes key, Consumer<KeyResult> onDone) {
        changes++;
        listKeys(onDone);
    }

    @Override
    public void listKeys(Consumer<KeyResult> onDone) {
        onDone.accept(new KeyResult(2, 2, 0, new TreeMap<>(), new TreeMap<>(), new TreeMap<>()));
    }

    @Override
    public void changeTags(SortedMap<String, String> set, List<String> removed) {
        changes++;
    }

    @Override
    public Optional<Coordinate> coordinate(String member) {
        return member.equals("a") ? Optional.of(Coordinate.ORIGIN) : Optional.empty();
    }

    @Override
    public SortedMap<String, SortedMap<String, String>> stats() {
        SortedMap<String, SortedMap<String, String>> sections = new TreeMap<>();
        sections.put("agent", new TreeMap<>());
        return sections;
    }

    @Override
    public List<LogLine> recentLog() {
        return List.of(new LogLine(LogLine.Level.INFO, "a line"));
    }
}
