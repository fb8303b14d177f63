package io.vmha.gossip.netty;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.rpc.LogLine;
import io.vmha.gossip.rpc.LogSource;
import io.vmha.gossip.rpc.RpcPool;
import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.serf.Serf;
import io.vmha.gossip.serf.SerfStats;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What Serf clients ask for, done by the agent's own parts, on the gossip thread. */
final class PoolDoor implements RpcPool {
    /** Serf BroadcastTimeout: the client is answered then, though the pool may still be hearing it. */
    private static final long SPREAD_MAX_MS = 5_000;

    private final GossipLoop loop;
    private final PeerNames names;
    private final LogSource log;
    private final Runnable onLeftByClient;

    PoolDoor(GossipLoop loop, PeerNames names, LogSource log, Runnable onLeftByClient) {
        this.loop = loop;
        this.names = names;
        this.log = log;
        this.onLeftByClient = onLeftByClient;
    }

    private Serf serf() {
        return loop.serf();
    }

    @Override
    public List<Member> members() {
        return serf().members();
    }

    @Override
    public void join(List<String> addresses, boolean replay, BiConsumer<Integer, String> onDone) {
        var unused = names.find(addresses, loop.address().getPort())
                .whenComplete((found, failure) -> loop.post(nowMs -> {
                    if (failure != null) {
                        onDone.accept(0, String.valueOf(failure.getMessage()));
                    } else {
                        join(nowMs, found, replay, onDone);
                    }
                }));
    }

    private void join(long nowMs, PeerNames.Found found, boolean replay, BiConsumer<Integer, String> onDone) {
        List<InetSocketAddress> peers = found.addresses().stream().distinct().toList();
        var unused = loop.join(nowMs, peers, replay).whenComplete((result, closed) -> {
            if (closed == null) {
                onDone.accept(result.contacted(), sentence(found.failures(), result));
            } else {
                onDone.accept(0, String.valueOf(closed.getMessage()));
            }
        });
    }

    private static String sentence(List<String> unresolved, JoinResult result) {
        List<String> all = new ArrayList<>(unresolved);
        result.failures().forEach(failure -> all.add("Failed to join " + failure));
        return all.size() + (all.size() == 1 ? " error" : " errors") + " occurred:\n\t* " + String.join("\n\t* ", all);
    }

    @Override
    public void forceLeave(String member, boolean prune, Runnable onDone) {
        AtomicBoolean done = new AtomicBoolean();
        Runnable once = () -> {
            if (!done.getAndSet(true)) {
                onDone.run();
            }
        };
        serf().forceLeave(loop.nowMs(), member, prune, once);
        loop.after(SPREAD_MAX_MS, once);
    }

    @Override
    public void leave(Runnable onDone) {
        var unused = loop.leave().whenComplete((left, closed) -> onDone.run());
    }

    @Override
    public void onLeftByClient() {
        onLeftByClient.run();
    }

    @Override
    public void userEvent(String name, Bytes payload, boolean coalesce) {
        serf().userEvent(loop.nowMs(), name, payload, coalesce);
    }

    @Override
    public void query(Question question, QueryListener answers) {
        serf().ask(loop.nowMs(), question, answers);
    }

    @Override
    public boolean respond(long queryId, Bytes payload) {
        return serf().respond(loop.nowMs(), queryId, payload);
    }

    @Override
    public void changeKey(KeyChange change, Bytes key, Consumer<KeyResult> onDone) {
        long nowMs = loop.nowMs();
        switch (change) {
            case INSTALL -> serf().installKey(nowMs, key, onDone);
            case USE -> serf().useKey(nowMs, key, onDone);
            case REMOVE -> serf().removeKey(nowMs, key, onDone);
        }
    }

    @Override
    public void listKeys(Consumer<KeyResult> onDone) {
        serf().listKeys(loop.nowMs(), onDone);
    }

    @Override
    public void changeTags(SortedMap<String, String> set, List<String> removed) {
        loop.changeTags(set, removed);
    }

    @Override
    public Optional<Coordinate> coordinate(String member) {
        return serf().coordinate(member);
    }

    @Override
    public List<LogLine> recentLog() {
        return log.recent();
    }

    @Override
    public SortedMap<String, SortedMap<String, String>> stats() {
        SortedMap<String, SortedMap<String, String>> sections = new TreeMap<>();
        sections.put("agent", new TreeMap<>());
        sections.get("agent").put("name", loop.name());
        sections.put("event_handlers", new TreeMap<>());
        sections.put("runtime", runtime());
        sections.put("serf", serfSection());
        sections.put("tags", new TreeMap<>(loop.tags()));
        return sections;
    }

    private SortedMap<String, String> serfSection() {
        SerfStats stats = serf().stats();
        SortedMap<String, String> section = new TreeMap<>();
        section.put("members", Integer.toString(stats.members()));
        section.put("failed", Integer.toString(stats.failed()));
        section.put("left", Integer.toString(stats.left()));
        section.put("health_score", Integer.toString(serf().memberlistStats().healthScore()));
        section.put("member_time", Long.toString(stats.memberTime()));
        section.put("event_time", Long.toString(stats.eventTime()));
        section.put("query_time", Long.toString(stats.queryTime()));
        section.put("intent_queue", Integer.toString(stats.intentsQueued()));
        section.put("event_queue", Integer.toString(stats.eventsQueued()));
        section.put("query_queue", Integer.toString(stats.queriesQueued()));
        section.put("encrypted", Boolean.toString(loop.isEncrypted()));
        section.put("coordinate_resets", Long.toString(stats.coordinateResets()));
        return section;
    }

    /** The names are Go's; threads stand for goroutines. */
    private static SortedMap<String, String> runtime() {
        String processors = Integer.toString(Runtime.getRuntime().availableProcessors());
        SortedMap<String, String> section = new TreeMap<>();
        section.put("arch", System.getProperty("os.arch"));
        section.put("cpu_count", processors);
        section.put("goroutines", Integer.toString(Thread.activeCount()));
        section.put("max_procs", processors);
        section.put("os", System.getProperty("os.name"));
        section.put("version", "java " + System.getProperty("java.version"));
        return section;
    }
}
