package io.vmha.node.observe;

import io.vmha.gossip.observe.Observer;
import io.vmha.gossip.observe.ObserverTiming;
import io.vmha.gossip.observe.Sighting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that owns this host's {@link Observer}: it asks a kernel for a sign of life by connecting to one of its ports. A connection and a
 * refusal are both an answer of the kernel, whether vmhad runs there or not; only a host that is off, hung or cut off says nothing. Where one
 * port says nothing, the next attempt is made at another: a firewall before one port is no death.
 *
 * <p>Connections are reset as soon as they stand: they carry nothing, and leave nothing behind on either side.
 */
final class KernelProber implements Observer.Outbox, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KernelProber.class);
    private static final int OPEN_MAX = 4_000;
    private static final long IDLE_MS = 1_000;

    private final LongSupplier nowMs;
    private final InetAddress from;
    private final Consumer<String> changed;
    private final Observer observer;
    private final Selector selector;
    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final Map<Long, Call> open = new HashMap<>();
    private final Map<String, Door> doors = new HashMap<>();
    private final List<String> news = new ArrayList<>();
    private final Thread thread;
    private volatile Map<String, List<InetSocketAddress>> addresses = Map.of();
    private volatile Snapshot seen = new Snapshot(0, Collections.emptySortedMap());
    private volatile boolean closed;

    /** What was seen at a moment; ages grow with the time since. */
    record Snapshot(long atMs, SortedMap<String, Sighting> sightings) {}

    /** An attempt under way, at the port with this number of the host's. */
    private record Call(SocketChannel channel, String host, int door) {}

    /** The port that a host is asked at, and whether the attempts since its last answer have brought none. */
    private record Door(int number, boolean isWaiting) {}

    /**
     * @param from the address that the probes come from, so that they take the way that the cluster's packets take
     * @param changed is handed a host of the ring that has fallen silent or answers again, on the prober's thread
     */
    KernelProber(LongSupplier nowMs, InetAddress from, long seed, Consumer<String> changed) {
        this.nowMs = nowMs;
        this.from = from;
        this.changed = changed;
        this.observer = new Observer(ObserverTiming.DEFAULT, new SplittableRandom(seed), this);
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("the observation cannot open a selector: " + e.getMessage(), e);
        }
        this.thread = new Thread(this::run, "observer");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Where the hosts may be asked: ports that another one stands in for where it says nothing. */
    void know(Map<String, List<InetSocketAddress>> hosts) {
        addresses = Map.copyOf(hosts);
        post(() -> doors.keySet().retainAll(hosts.keySet()));
    }

    /** Whom to observe from now on. */
    void observe(List<String> hosts) {
        post(() -> observer.onRing(nowMs.getAsLong(), hosts));
    }

    /** Whom to look at closely now. */
    void lookAt(List<String> hosts) {
        post(() -> observer.onAsked(nowMs.getAsLong(), hosts));
    }

    Snapshot seen() {
        return seen;
    }

    private void post(Runnable work) {
        posted.add(work);
        selector.wakeup();
    }

    private void run() {
        try {
            while (!closed) {
                turn();
            }
        } catch (IOException | ClosedSelectorException e) {
            if (!closed) {
                LOG.error("the observation has ended, this host sees no more for others why=\"{}\"", e.toString(), e);
            }
        } finally {
            open.keySet().stream().toList().forEach(this::abandon);
        }
    }

    private void turn() throws IOException {
        long waitMs = Math.min(IDLE_MS, observer.nextDeadlineMs() - nowMs.getAsLong());
        if (waitMs > 0 && posted.isEmpty()) {
            selector.select(waitMs);
        } else {
            selector.selectNow();
        }
        // what has been answered is taken before what has run out: after a pause of this process both wait here
        for (SelectionKey key : selector.selectedKeys()) {
            finish((Long) key.attachment(), (SocketChannel) key.channel());
        }
        selector.selectedKeys().clear();
        for (Runnable work = posted.poll(); work != null; work = posted.poll()) {
            work.run();
        }
        long now = nowMs.getAsLong();
        observer.onTimer(now);
        seen = new Snapshot(now, Collections.unmodifiableSortedMap(observer.sightings(now)));
        for (String host : List.copyOf(news)) {
            changed.accept(host);
        }
        news.clear();
    }

    @Override
    public void probe(long attempt, String host) {
        List<InetSocketAddress> to = addresses.getOrDefault(host, List.of());
        if (to.isEmpty() || open.size() >= OPEN_MAX) {
            posted.add(() -> observer.onUnable(attempt));
            return;
        }
        Door last = doors.getOrDefault(host, new Door(0, false));
        int door = (last.isWaiting() ? last.number() + 1 : last.number()) % to.size();
        doors.put(host, new Door(door, true));
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_LINGER, 0); // closed by a reset
            channel.bind(new InetSocketAddress(from, 0));
            open.put(attempt, new Call(channel, host, door));
            if (channel.connect(to.get(door))) {
                answered(attempt, "connected");
            } else {
                channel.register(selector, SelectionKey.OP_CONNECT, attempt);
            }
        } catch (IOException | UnresolvedAddressException e) {
            open.put(attempt, new Call(channel, host, door));
            failed(attempt, e);
        }
    }

    private void finish(long attempt, SocketChannel channel) {
        try {
            if (channel.finishConnect()) {
                answered(attempt, "connected");
            }
        } catch (IOException e) {
            failed(attempt, e);
        }
    }

    private void failed(long attempt, Exception e) {
        if (e instanceof ConnectException && !String.valueOf(e.getMessage()).contains("timed out")) {
            answered(attempt, "refused");
            return;
        }
        abandon(attempt);
        if (e instanceof NoRouteToHostException || e instanceof ConnectException) {
            return; // nobody at that address answers for it: the attempt runs out
        }
        LOG.debug("cannot probe attempt={} why=\"{}\"", attempt, e.toString());
        posted.add(() -> observer.onUnable(attempt));
    }

    private void answered(long attempt, String how) {
        Call call = open.get(attempt);
        if (call != null) {
            doors.put(call.host(), new Door(call.door(), false));
        }
        abandon(attempt);
        long at = nowMs.getAsLong();
        posted.add(() -> observer.onAnswer(at, attempt, how));
    }

    @Override
    public void abandon(long attempt) {
        Call call = open.remove(attempt);
        if (call != null && call.channel() != null) {
            try {
                call.channel().close();
            } catch (IOException e) {
                LOG.debug("probe not closed cleanly why=\"{}\"", e.toString());
            }
        }
    }

    @Override
    public void changed(String host) {
        news.add(host);
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(1_000);
            selector.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("selector not closed cleanly why=\"{}\"", e.toString());
        }
    }

    /** Every statement at this moment, by host. */
    static SortedMap<String, Sighting> now(Snapshot snapshot, long nowMs) {
        long since = Math.max(0, nowMs - snapshot.atMs());
        var aged = new TreeMap<String, Sighting>();
        snapshot.sightings()
                .forEach((host, s) -> aged.put(
                        host,
                        new Sighting(
                                host,
                                s.answeredMs() < 0 ? -1 : s.answeredMs() + since,
                                s.answer(),
                                s.isSilent() ? s.silentMs() + since : 0,
                                s.unanswered(),
                                s.doubt())));
        return aged;
    }
}
