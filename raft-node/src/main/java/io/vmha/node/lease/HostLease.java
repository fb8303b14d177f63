package io.vmha.node.lease;

import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.QuorumLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This host's lease as the daemon knows it, kept in the lease file for the guard. Any thread; every change is on the RAM disk when the
 * method that made it returns.
 *
 * <p>What the AZ relies on is kept on disk as well: a host whose lease file is gone, by a boot or by a broom, must not take itself for one
 * that needs no lease.
 */
public final class HostLease {
    private static final Logger LOG = LoggerFactory.getLogger(HostLease.class);
    private static final LeaseTiming TIMING = LeaseTiming.DEFAULT;
    private static final long KEEP_AGAIN_MS = 5_000;
    private static final String NO_LEASE = "bmc";

    /** Where the files are. */
    public record Places(Path lease, Path guard, Path terms) {}

    /**
     * What people see of it.
     *
     * @param remainingMs how long the lease still holds; 0 or less once it has ended or while there is none
     * @param guard what the guard reports of itself; empty without one
     */
    public record Status(
            LeaseFile.State state,
            long epoch,
            long remainingMs,
            String proofs,
            Arming arming,
            Optional<GuardFile> guard) {
        /** True if this host pauses its VMs when its lease ends. */
        public boolean reliesOnLease() {
            return proofs.contains("lease");
        }
    }

    private final HostName self;
    private final Places places;
    private final String bootId;
    private final LongSupplier bootMs;
    private final long pid;
    private final SelfTest selfTest;
    private QuorumLease lease = new QuorumLease(TIMING);
    private String group = "";
    private String proofs = NO_LEASE;
    private long knownIndex;
    private long sealedEpoch;
    private int poolSeen;
    private int poolSize;
    /** By term, until when this node may call; the newest, and those in which calls are open. */
    private final NavigableMap<Long, Long> leadingUntilMs = new TreeMap<>();

    private final NavigableMap<Long, Integer> openCalls = new TreeMap<>();
    private Arming arming = new Arming(false, "the guard has not been asked yet");
    private long saidAtMs;
    private boolean unwritable;
    /** What the AZ relies on, or in which group, has changed and is not on disk yet. */
    private boolean unkept;

    private boolean isKeeping;
    private boolean keepingFailed;
    private long keepAgainAtMs;
    private final Executor disk;
    private long disownedAt = -1;

    /**
     * @param bootMs the boot clock
     * @param pid the process that makes the calls: this one
     * @param nonces makes words that no earlier self-test has used
     */
    public HostLease(
            HostName self, Places places, String bootId, LongSupplier bootMs, long pid, Supplier<String> nonces) {
        this(self, places, bootId, bootMs, pid, nonces, HostLease::onThreadOfItsOwn);
    }

    /** @param disk where the data directory is written: it may stand still, and nothing here may wait for it */
    HostLease(
            HostName self,
            Places places,
            String bootId,
            LongSupplier bootMs,
            long pid,
            Supplier<String> nonces,
            Executor disk) {
        this.disk = disk;
        this.self = self;
        this.places = places;
        this.bootId = bootId;
        this.bootMs = bootMs;
        this.pid = pid;
        this.selfTest = new SelfTest(bootId, nonces);
        takeOver();
    }

    /** One at a time, and seldom. */
    private static void onThreadOfItsOwn(Runnable work) {
        var thread = new Thread(work, "lease-terms");
        thread.setDaemon(true);
        thread.start();
    }

    /** What an earlier process of this host was promised, and what the AZ relied on. */
    private void takeOver() {
        KeyValues.read(places.terms()).ifPresent(terms -> {
            group = terms.getOrDefault("group", "");
            proofs = terms.getOrDefault("proofs", NO_LEASE);
            knownIndex = KeyValues.number(terms, "index");
        });
        LeaseFile.read(places.lease(), bootId)
                .filter(f -> f.host().equals(self.value()) && f.group().equals(group))
                .ifPresent(f -> {
                    lease.resume(f.epoch(), f.deadlineMs());
                    sealedEpoch = f.state() == LeaseFile.State.SEALED ? f.epoch() : 0;
                    if (f.deadlineMs() > 0) { // else the file says that there was none
                        LOG.info(
                                "lease taken over epoch={} remaining_ms={}",
                                f.epoch(),
                                f.deadlineMs() - bootMs.getAsLong());
                    }
                });
    }

    /**
     * What this host says of its guard.
     *
     * @param saidAtMs by the boot clock: renewals overtake each other, and the last word counts (S6)
     */
    public record Word(Arming arming, long saidAtMs) {}

    /** The boot clock. */
    public long nowMs() {
        return bootMs.getAsLong();
    }

    /** The epoch that a renewal to this group names; 0 before the group has told one. */
    public synchronized long epochIn(String itsGroup) {
        return itsGroup.equals(group) ? lease.epoch() : 0;
    }

    /** A voter has answered. */
    public synchronized void onAnswer(Heard heard) {
        if (!heard.known()) {
            disownedAt = Math.max(disownedAt, heard.applied());
            release(heard);
            return;
        }
        if (!heard.group().equals(group)) {
            LOG.info("this host renews its lease with another group was={} now={}", group, heard.group());
            lease = new QuorumLease(TIMING);
            sealedEpoch = 0;
            group = heard.group();
            // also where the new one relies on the same: the lease file is taken over by the group that is kept
            unkept = true;
            rely(heard.proofs(), heard.applied());
        } else if (heard.applied() >= knownIndex) {
            rely(heard.proofs(), heard.applied());
        }
        disownedAt = -1;
        lease.onEpoch(heard.epoch());
        if (heard.sealed()) {
            sealedEpoch = Math.max(sealedEpoch, heard.renewed() == 0 ? heard.epoch() : heard.renewed());
        }
        if (heard.answered()) {
            lease.onAnswer(heard.voter(), heard.sentAtMs(), heard.renewed(), heard.told());
        }
        write();
    }

    /** The AZ is not protected any more, or this host has left it: nothing depends on a lease. An older word than the last does not count. */
    private void release(Heard heard) {
        if (heard.group().equals(group) && heard.applied() > knownIndex && !proofs.equals(NO_LEASE)) {
            LOG.info("this host is not protected any more and needs no lease group={}", group);
            rely(NO_LEASE, heard.applied());
            write();
        }
    }

    /** The place in the log of the newest answer that did not know this host; empty once a voter knows it. */
    public synchronized OptionalLong disownedAt() {
        return disownedAt < 0 ? OptionalLong.empty() : OptionalLong.of(disownedAt);
    }

    private void rely(String next, long index) {
        knownIndex = index;
        if (!next.equals(proofs) && !next.isEmpty()) {
            LOG.info("what this host's AZ relies on has changed was={} now={}", proofs, next);
            proofs = next;
            selfTest.distrust(bootMs.getAsLong()); // the guard must show that it has read this
            arming = new Arming(false, "the guard is being asked");
            unkept = true;
        }
        if (unkept) {
            keep();
        }
    }

    /** Without it this host forgets at its restart that it needs a lease, or that it needs none: a disk that does not take it is asked again. */
    private void keep() {
        if (!isKeeping && bootMs.getAsLong() >= keepAgainAtMs) {
            isKeeping = true;
            String itsGroup = group;
            String itsProofs = proofs;
            List<String> terms = List.of("group=" + group, "proofs=" + proofs, "index=" + knownIndex);
            disk.execute(() -> onKept(itsGroup, itsProofs, writeTerms(terms)));
        }
    }

    private Optional<IOException> writeTerms(List<String> terms) {
        try {
            Files.createDirectories(places.terms().getParent());
            KeyValues.writeToDisk(places.terms(), terms);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e);
        }
    }

    private synchronized void onKept(String itsGroup, String itsProofs, Optional<IOException> failure) {
        isKeeping = false;
        failure.ifPresent(e -> {
            keepAgainAtMs = bootMs.getAsLong() + KEEP_AGAIN_MS;
            if (!keepingFailed) {
                LOG.error(
                        "what the AZ relies on cannot be kept: after a restart this host may not know whether it needs a lease"
                                + " file={} why=\"{}\"",
                        places.terms(),
                        e.toString());
            }
        });
        if (failure.isEmpty()) {
            unkept = !group.equals(itsGroup) || !proofs.equals(itsProofs);
            if (keepingFailed) {
                LOG.info("what the AZ relies on is kept again file={}", places.terms());
            }
        }
        keepingFailed = failure.isPresent();
    }

    /** Time has passed: asks the guard, and shows it that the daemon lives. */
    public synchronized void tick(int seen, int size) {
        poolSeen = seen;
        poolSize = size;
        Arming before = arming;
        arming = selfTest.judge(bootMs.getAsLong(), GuardFile.read(places.guard()));
        if (before.armed() != arming.armed()) {
            LOG.info("guard armed={} why=\"{}\"", arming.armed(), arming.detail());
        }
        if (unkept) {
            keep(); // also where no voter answers any more
        }
        write();
    }

    /** Whether the guard answers, whatever the AZ relies on. */
    public synchronized Arming guard() {
        return arming;
    }

    /** What the voters are told with each renewal: no two words have the same time. */
    public synchronized Word claim() {
        saidAtMs = Math.max(saidAtMs + 1, bootMs.getAsLong());
        return new Word(claimed(), saidAtMs);
    }

    /** A host that would not know after its restart that it needs a lease may not be taken for one that pauses (S5). */
    private Arming claimed() {
        if (!proofs.contains("lease")) {
            return new Arming(false, "its AZ does not rely on leases, so it would not pause");
        }
        return unkept
                ? new Arming(false, "what its AZ relies on is not on its disk yet; if that lasts, see to data_dir")
                : arming;
    }

    /** This node led in this term, as a majority confirmed after this moment (S9). */
    public synchronized void onLeadershipProven(long term, long atMs) {
        leadingUntilMs.merge(term, atMs + TIMING.leaseMs(), Math::max);
        forgetOldTerms();
        write();
    }

    /** True while this node may call Nova and the BMCs for what was decided in this term. */
    public synchronized boolean isLeadershipProven(long term) {
        return bootMs.getAsLong() < leadingUntil(term);
    }

    /** A call begins for what was decided in this term: from here on the guard kills this process when that leadership is not proven any more. */
    public synchronized void beginCall(long term) {
        openCalls.merge(term, 1, Integer::sum);
        if (openCalls.get(term) == 1) {
            write();
        }
    }

    /** A call is over. */
    public synchronized void endCall(long term) {
        if (openCalls.merge(term, -1, Integer::sum) == 0) {
            openCalls.remove(term);
            forgetOldTerms();
            write();
        }
    }

    private void forgetOldTerms() {
        leadingUntilMs.keySet().removeIf(term -> term < leadingUntilMs.lastKey() && !openCalls.containsKey(term));
    }

    private long leadingUntil(long term) {
        return leadingUntilMs.getOrDefault(term, 0L);
    }

    /**
     * A call of an old term may not live on because this node leads again in a new one. One whose term has never been proven while it was open
     * sends nothing, and has no deadline that could stand for those of others.
     */
    private long callersDeadlineMs() {
        return openCalls.keySet().stream()
                .mapToLong(this::leadingUntil)
                .filter(until -> until > 0)
                .min()
                .orElse(0);
    }

    /** The picture for people. */
    public synchronized Status status() {
        return new Status(
                state(),
                lease.epoch(),
                lease.deadlineMs() == 0 ? 0 : lease.deadlineMs() - bootMs.getAsLong(),
                proofs,
                arming,
                GuardFile.read(places.guard()));
    }

    private LeaseFile.State state() {
        if (sealedEpoch > 0 && sealedEpoch >= lease.epoch()) {
            return LeaseFile.State.SEALED;
        }
        return lease.deadlineMs() > 0 ? LeaseFile.State.HELD : LeaseFile.State.NONE;
    }

    private void write() {
        long nowMs = bootMs.getAsLong();
        long leadsUntilMs =
                leadingUntilMs.isEmpty() ? 0 : leadingUntilMs.lastEntry().getValue();
        boolean calls = !openCalls.isEmpty();
        var file = new LeaseFile(
                self.value(),
                bootId,
                group,
                lease.epoch(),
                state(),
                proofs,
                lease.deadlineMs(),
                poolSeen,
                poolSize,
                calls ? callersDeadlineMs() : nowMs < leadsUntilMs ? leadsUntilMs : 0,
                calls ? pid : 0,
                selfTest.nonce(nowMs),
                nowMs);
        try {
            Files.createDirectories(places.lease().getParent());
            file.write(places.lease());
            if (unwritable) {
                LOG.info("lease file is written again file={}", places.lease());
            }
            unwritable = false;
        } catch (IOException e) {
            if (!unwritable) {
                LOG.error(
                        "lease file cannot be written: the guard will pause this host's VMs when the last lease ends"
                                + " file={} why=\"{}\"",
                        places.lease(),
                        e.toString());
            }
            unwritable = true;
        }
    }
}
