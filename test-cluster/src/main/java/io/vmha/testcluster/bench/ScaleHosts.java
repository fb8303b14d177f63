package io.vmha.testcluster.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.lease.BootClock;
import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.GroupGuests;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftTls;
import io.vmha.proto.v1.Claim;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.proto.v1.Running;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.QuorumLease;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Hosts that renew their leases with three voters once a second, over connections of their own and with the daemon's own client and lease, and do
 * nothing else. Takes {@code begin}, {@code reset} and {@code report}.
 */
final class ScaleHosts {
    private static final LeaseTiming TIMING = LeaseTiming.DEFAULT;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(3); // Renewals
    private static final int THREADS = 2;
    private static final int GUESTS = 10;
    /**
     * So many hosts connect at a time at first. All of them have one process here, and its handshakes with three voters queue for its CPU as
     * those of real hosts do not.
     */
    private static final int AT_ONCE = 40;

    private final List<Host> hosts = new CopyOnWriteArrayList<>();
    private final List<PeerInfo> voters;
    private final Random random = new Random(1);
    private int begun;
    private volatile long resetAtMs = BootClock.nowMs();

    private ScaleHosts(List<PeerInfo> voters) {
        this.voters = voters;
    }

    /** Arguments: certificate of the authority, of the hosts, key, group, number of hosts, then id and address of each voter. */
    public static void main(String[] arguments) throws IOException {
        var tls = new RaftTls(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]));
        GroupId group = GroupId.parse(arguments[3]);
        List<PeerInfo> voters = BenchVoter.peers(new ArrayList<>(List.of(arguments)).subList(4, arguments.length));
        var all = new ScaleHosts(voters);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try (var guests = new GroupGuests(THREADS, Optional.of(tls));
                var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            BenchVoter.say("ready " + arguments[4]);
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                switch (order) {
                    case "begin" -> all.begin(Integer.parseInt(arguments[4]), guests, group, timer);
                    case "reset" -> all.reset();
                    case "report" -> BenchVoter.say("report " + all.report());
                    default -> throw new IllegalArgumentException("unknown order " + order);
                }
            }
        } finally {
            timer.shutdownNow();
        }
    }

    private void begin(int count, GroupGuests guests, GroupId group, ScheduledExecutorService timer) {
        for (int number = 0; number < count; number++) {
            hosts.add(new Host(ScaleVoter.hostName(number), guests.host(group, voters)));
        }
        var unused = timer.scheduleWithFixedDelay(() -> beginMore(timer), 0, 20, TimeUnit.MILLISECONDS);
    }

    private void beginMore(ScheduledExecutorService timer) {
        while (begun < hosts.size()
                && begun - hosts.stream().filter(Host::hasRenewed).count() < AT_ONCE) {
            Host host = hosts.get(begun++);
            var unused = timer.scheduleAtFixedRate(
                    host::renew, random.nextInt((int) TIMING.renewMs()), TIMING.renewMs(), TimeUnit.MILLISECONDS);
        }
    }

    private void reset() {
        resetAtMs = BootClock.nowMs();
        hosts.forEach(Host::reset);
    }

    private String report() {
        long nowMs = BootClock.nowMs();
        int held = 0;
        int withAll = 0;
        long answers = 0;
        long lost = 0;
        long gapMs = 0;
        for (Host host : hosts) {
            synchronized (host) {
                held += host.lease.isHeld(nowMs) ? 1 : 0;
                withAll += host.isAnsweredByAll() ? 1 : 0;
                answers += host.answers;
                lost += host.lost;
                gapMs = Math.max(gapMs, host.longestGapMs(nowMs));
            }
        }
        return String.format(Locale.ROOT, "%d %d %d %d %d", held, withAll, answers, lost, gapMs);
    }

    /** One host: its lease, and what has been seen of it since the last reset. */
    private final class Host {
        private final String name;
        private final GroupClient client;
        private final Running running;
        private final QuorumLease lease = new QuorumLease(TIMING);
        private final Map<PeerInfo, Long> answeredAtMs = new TreeMap<>(PeerInfo.BY_ID);
        private long answers;
        private long lost;
        private long gapMs;
        /** 0 before the first lease. */
        private long renewedAtMs;

        Host(String name, GroupClient client) {
            this.name = name;
            this.client = client;
            var guests = Running.newBuilder();
            for (int guest = 0; guest < GUESTS; guest++) {
                guests.addGuests(new UUID(name.hashCode(), guest).toString());
            }
            this.running = guests.build();
        }

        void renew() {
            long epoch;
            synchronized (this) {
                epoch = lease.epoch();
            }
            long sentAtMs = BootClock.nowMs();
            byte[] request = request(epoch, sentAtMs);
            for (PeerInfo voter : voters) {
                var unused = client.askOften(voter, request, ANSWER_LIMIT).thenAccept(bytes -> {
                    try {
                        onAnswer(voter, sentAtMs, epoch, PeerReply.parseFrom(bytes));
                    } catch (InvalidProtocolBufferException e) {
                        throw new IllegalStateException("a voter's answer cannot be read", e);
                    }
                });
            }
        }

        /** As long as a daemon's: a host with ten guests, which go along. */
        private byte[] request(long epoch, long sentAtMs) {
            return PeerRequest.newBuilder()
                    .setRenew(Renew.newBuilder()
                            .setHost(name)
                            .setEpoch(epoch)
                            .setClaim(Claim.newBuilder().setArmed(true).setDetail("vmha-guard answers"))
                            .setBootId("5ee63c0a-7c4c-4bd2-9b3b-1d1c6a1ad0f1")
                            .setSaidAtMs(sentAtMs)
                            .setRunning(running))
                    .build()
                    .toByteArray();
        }

        private synchronized void onAnswer(PeerInfo voter, long sentAtMs, long epoch, PeerReply reply) {
            if (!reply.getKnown()) {
                return;
            }
            answers++;
            long nowMs = BootClock.nowMs();
            answeredAtMs.put(voter, nowMs);
            lease.onEpoch(reply.getEpoch());
            var told = reply.getConfiguration();
            long before = lease.deadlineMs();
            if (reply.getAnswered()) {
                lease.onAnswer(
                        voter.id().value(),
                        sentAtMs,
                        epoch,
                        new Electorate(
                                new TreeSet<>(told.getVotersList()),
                                new TreeSet<>(told.getOutgoingList()),
                                told.getIndex()));
            }
            if (lease.deadlineMs() > before) {
                if (before > 0 && nowMs > before) {
                    lost++;
                }
                long at = lease.deadlineMs() - TIMING.leaseMs();
                gapMs = renewedAtMs == 0 ? 0 : Math.max(gapMs, at - renewedAtMs);
                renewedAtMs = at;
            }
        }

        synchronized boolean hasRenewed() {
            return renewedAtMs > 0;
        }

        synchronized void reset() {
            answers = 0;
            lost = 0;
            gapMs = 0;
        }

        private boolean isAnsweredByAll() {
            return voters.stream().allMatch(v -> answeredAtMs.getOrDefault(v, 0L) > resetAtMs);
        }

        private long longestGapMs(long nowMs) {
            return renewedAtMs == 0 ? 0 : Math.max(gapMs, nowMs - renewedAtMs);
        }
    }
}
