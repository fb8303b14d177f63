package io.vmha.gossip.netty;

import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.Snapshot;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Keyring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an agent remembers over a restart: the members that were alive, and the keys after a rotation. Files are written on a thread of
 * their own; the gossip thread never waits for a disk.
 */
final class PoolMemory implements GossipListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PoolMemory.class);

    /** Serf: lines are gathered for this long. */
    static final long GATHER_MS = 500;

    private static final long COMPACT_BYTES_MIN = 128 * 1024;
    private static final long COMPACT_BYTES_PER_MEMBER = 2 * 128;

    /** Writes that wait for the disk; then lines are gathered on, and the file is begun anew. */
    private static final int WRITES_MAX = 8;

    private static final long CLOSE_MAX_S = 2;
    private static final Pattern ADDRESS = Pattern.compile("\\[?([0-9a-fA-F:.]{2,45})\\]?:([0-9]{1,5})");

    private final DirectoryLock lock;
    private final SnapshotFile snapshotFile;
    private final KeyringFile keyringFile;
    private final Snapshot snapshot;
    private final List<InetSocketAddress> previous;
    private final Snapshot.Times previousTimes;
    private final ThreadPoolExecutor files =
            new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                Thread thread = new Thread(work, "gossip-files");
                thread.setDaemon(true);
                return thread;
            });

    private final Consumer<Runnable> later;
    private final StringBuilder gathered = new StringBuilder();
    private boolean scheduled;
    private long size;

    /**
     * Reads what an earlier life remembered.
     *
     * @param later runs something on the gossip thread in half a second
     * @throws GossipException if another agent remembers its pool there
     */
    PoolMemory(Path directory, Consumer<Runnable> later) {
        this.later = later;
        lock = new DirectoryLock(directory);
        snapshotFile = new SnapshotFile(directory);
        keyringFile = new KeyringFile(directory);
        snapshot = snapshotFile.read();
        previous = addresses(snapshot);
        previousTimes = snapshot.times();
        size = snapshotFile.size();
    }

    private static List<InetSocketAddress> addresses(Snapshot snapshot) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (Map.Entry<String, String> member : snapshot.alive().entrySet()) {
            Matcher parts = ADDRESS.matcher(member.getValue());
            if (parts.matches() && Integer.parseInt(parts.group(2)) <= 0xffff) {
                try {
                    // letters and dots of an address only: nothing is looked up
                    addresses.add(new InetSocketAddress(
                            InetAddress.getByName(parts.group(1)), Integer.parseInt(parts.group(2))));
                } catch (UnknownHostException damaged) {
                    LOG.debug("address not understood address={}", member.getValue());
                }
            }
        }
        return List.copyOf(addresses);
    }

    /** Where the members of the earlier life were. */
    List<InetSocketAddress> previous() {
        return previous;
    }

    /** How far the clocks of the earlier life were. */
    Snapshot.Times previousTimes() {
        return previousTimes;
    }

    /** The keys to begin with: those of the last rotation, if the pool is encrypted at all. */
    Keyring keyring(Keyring configured) {
        if (configured.isEmpty()) {
            return configured;
        }
        Optional<Keyring> rotated = keyringFile.read();
        rotated.filter(ring -> !ring.keys().contains(configured.keys().get(0)))
                .ifPresent(ring -> LOG.warn(
                        "the pool has rotated its keys since they were configured; the rotated ones are used, put them"
                                + " into the configuration file={}",
                        keyringFile));
        return rotated.orElse(configured);
    }

    /**
     * Writes the keys to the disk.
     *
     * @param onDone told on another thread: nothing, or why they could not be written
     */
    void store(Keyring keyring, Consumer<String> onDone) {
        files.execute(() -> {
            try {
                keyringFile.write(keyring);
                onDone.accept("");
            } catch (IOException failed) {
                LOG.error(
                        "the rotated gossip keys cannot be written file={} why=\"{}\"", keyringFile, failed.toString());
                onDone.accept("the keys are in use but cannot be written to the disk: " + failed.getMessage());
            }
        });
    }

    /** Notes how far the clocks are. */
    void onTimes(Snapshot.Times times) {
        add(snapshot.onTimes(times));
    }

    /** Notes that we said goodbye. */
    void onLeft() {
        add(snapshot.onLeft());
    }

    private void add(String line) {
        if (line.isEmpty()) {
            return;
        }
        gathered.append(line);
        if (!scheduled) {
            scheduled = true;
            later.accept(this::flush);
        }
    }

    private void flush() {
        scheduled = false;
        String lines = gathered.toString();
        long sizeMax = Math.max(COMPACT_BYTES_MIN, COMPACT_BYTES_PER_MEMBER * snapshot.size());
        gathered.setLength(0);
        size += lines.length();
        if (files.getQueue().size() >= WRITES_MAX) {
            size = Long.MAX_VALUE / 2; // the disk is slow: begin anew when it has caught up
        } else if (size > sizeMax) {
            List<String> everything = snapshot.lines();
            size = everything.stream().mapToLong(String::length).sum();
            files.execute(() -> snapshotFile.rewrite(everything));
        } else if (!lines.isEmpty()) {
            files.execute(() -> snapshotFile.append(lines));
        }
    }

    private void note(Member member) {
        String ip = member.address().getHostAddress();
        boolean v6 = ip.indexOf(':') >= 0;
        add(snapshot.onAlive(member.name(), (v6 ? "[" + ip + "]" : ip) + ":" + member.port()));
    }

    @Override
    public void onJoin(Member member) {
        note(member);
    }

    @Override
    public void onUpdate(Member member) {
        if (member.status() == MemberStatus.ALIVE) {
            note(member);
        }
    }

    @Override
    public void onLeave(Member member) {
        add(snapshot.onNotAlive(member.name()));
    }

    @Override
    public void onFailed(Member member) {
        add(snapshot.onNotAlive(member.name()));
    }

    @Override
    public void onSuspect(Member member) {
        // still worth being asked for the pool
    }

    @Override
    public void onRefuted(Member member) {
        // was never forgotten
    }

    @Override
    public void onUserEvent(UserEvent event) {
        // the clock is remembered, not the event
    }

    /** Writes what is left, on the gossip thread; bounded. */
    @Override
    public void close() {
        flush();
        files.execute(lock::close);
        files.shutdown();
        try {
            if (!files.awaitTermination(CLOSE_MAX_S, TimeUnit.SECONDS)) {
                LOG.warn("the memory of the pool is not written yet, its disk is slow");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
