package io.vmha.node.gate;

import io.vmha.node.config.VmhadConfig;
import io.vmha.node.lease.BootClock;
import io.vmha.node.lease.HostLease;
import io.vmha.node.lease.LeaseFile;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.fencing.ChildProcess;
import io.vmha.recovery.hypervisor.PidFileHypervisor;
import io.vmha.recovery.hypervisor.VirshHypervisor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this host's gate, its way back, and its watch over the guests, each on a thread of its own: what is asked of libvirt and Nova there may
 * take its time, and holds up nothing else.
 */
public final class GateKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GateKeeper.class);
    private static final long PERIOD_MS = 1_000;
    private static final Duration RESTART_LIMIT = Duration.ofSeconds(60);
    private static final Duration CONFIRM_LIMIT = Duration.ofSeconds(5);
    private static final Duration COMMIT_LIMIT = Duration.ofSeconds(20);

    private final HostName self;
    private final VmhadConfig.Gate config;
    private final HostLease lease;
    private final Newest newest;
    private final Commands commands;
    private final Hypervisor hypervisor;
    private final ReturnAgent agent;
    private final ProtectedMark mark;
    private final GuestWatch watch;
    /** Writes the file, which must go on while the other thread waits for libvirt. */
    private final ScheduledThreadPoolExecutor files = executor("gate");

    private final ScheduledThreadPoolExecutor returns = executor("return");
    private final ScheduledThreadPoolExecutor guests = executor("guests");
    private volatile Gate.Verdict verdict = new Gate.Verdict(false, "the daemon has just started");
    private boolean unwritable;

    /**
     * @param state the newest state that this host knows
     * @param commit commits a command, here or as a client
     * @param confirm has a majority confirm a state, or name a newer one
     */
    public GateKeeper(
            VmhadConfig config,
            HostLease lease,
            Compute compute,
            Supplier<RecoveryState> state,
            Function<Command, CompletableFuture<LogReply>> commit,
            Function<RecoveryState, CompletableFuture<RecoveryState>> confirm) {
        this.self = config.host();
        this.config = config.gate();
        this.lease = lease;
        this.newest = new Newest(state);
        this.commands = new Commands(commit, confirm, compute);
        this.mark = new ProtectedMark(config.dataDir().resolve("protected"));
        this.hypervisor = hypervisor(config.gate());
        this.agent = new ReturnAgent(
                self, hypervisor, id -> compute.server(id).map(Server::host), commands, System::currentTimeMillis);
        this.watch = new GuestWatch(
                self,
                hypervisor,
                () -> GuestsFile.living(config.lease().guard(), BootClock.bootId(), BootClock.nowMs()),
                commands::commit,
                System::currentTimeMillis);
    }

    private static Hypervisor hypervisor(VmhadConfig.Gate config) {
        return config.pidFiles()
                .<Hypervisor>map(PidFileHypervisor::new)
                .orElseGet(() -> new VirshHypervisor(config.libvirtUri()));
    }

    private static ScheduledThreadPoolExecutor executor(String name) {
        return new ScheduledThreadPoolExecutor(1, runnable -> {
            var thread = new Thread(runnable, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Begins. */
    public void start() {
        var unusedFiles = files.scheduleWithFixedDelay(quietly(this::judge), 0, PERIOD_MS, TimeUnit.MILLISECONDS);
        var unusedGuests = guests.scheduleWithFixedDelay(
                quietly(() -> watch.advance(BootClock.nowMs(), newest.state())),
                PERIOD_MS,
                PERIOD_MS,
                TimeUnit.MILLISECONDS);
        var unusedReturns =
                returns.scheduleWithFixedDelay(quietly(this::comeBack), PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    private void comeBack() {
        RecoveryState known = newest.state();
        HostRecord record = known.hosts().get(self);
        HostLease.Status heard = lease.status();
        if (record != null && Newest.isOutOfDate(record, heard.epoch(), heard.state() == LeaseFile.State.SEALED)) {
            LOG.debug("the voters may know more of this host record={} heard={}", record, heard.epoch());
            var unused = commands.confirmed(known);
        }
        RecoveryState now = newest.state();
        if (!isDown(now)) {
            agent.wantedBy(Optional.empty());
        }
        if (mayBegin() || !isDown(now)) {
            agent.advance(BootClock.nowMs(), now, verdict.open());
        }
    }

    private boolean mayBegin() {
        return config.returnsByItself() || agent.wantedBy().isPresent();
    }

    private boolean isDown(RecoveryState now) {
        HostRecord record = now.hosts().get(self);
        return record != null && record.status() == HostRecord.Status.DOWN;
    }

    /**
     * A person wants this host back: what lives elsewhere is destroyed here and its next life begins, as it would by itself with
     * {@code gate.return: auto}. Any thread.
     *
     * @return false if there is nothing to bring back here: it is another host, or not down
     */
    public boolean bringBack(HostName host, String person) {
        if (!host.equals(self) || !isDown(newest.state())) {
            return false;
        }
        LOG.info("a person wants this host back person=\"{}\"", person);
        agent.wantedBy(Optional.of(person));
        return true;
    }

    /** These guests run elsewhere too, and this life of the host is over: they stop at once (S12). */
    public void stop(List<ServerId> guests) {
        returns.execute(quietly(() -> {
            for (Hypervisor.Domain domain : hypervisor.domains()) {
                if (domain.running() && guests.contains(domain.id())) {
                    LOG.error(
                            "guest suspended: it runs on another host too, and this host's life is over domain={}"
                                    + " name={}",
                            domain.id(),
                            domain.name());
                    hypervisor.suspend(domain.id());
                }
            }
        }));
    }

    private void judge() {
        RecoveryState now = newest.state();
        mark.onState(now, self, lease.disownedAt());
        HostLease.Status status = lease.status();
        boolean leased = status.state() == LeaseFile.State.HELD && status.remainingMs() > 0;
        Gate.Verdict next = Gate.judge(self, now, mark.isSet(), leased);
        if (next.open() != verdict.open()) {
            LOG.info("gate open={} why=\"{}\"", next.open(), next.reason());
        }
        verdict = next;
        String waits = next.open() ? "" : waitingFor();
        var file = new GateFile(
                next.open(),
                waits.isEmpty() ? next.reason() : next.reason() + "; " + waits,
                BootClock.bootId(),
                BootClock.nowMs());
        try {
            file.write(config.file());
            unwritable = false;
        } catch (IOException e) {
            if (!unwritable) {
                LOG.warn(
                        "gate file not written, so the gate is closed file={} why=\"{}\"", config.file(), e.toString());
            }
            unwritable = true;
        }
    }

    private String waitingFor() {
        return mayBegin() || !isDown(newest.state())
                ? agent.waitingFor()
                : "a person brings this host back (gate.return: by-hand): vmha host return " + self + ", on it";
    }

    private static Runnable quietly(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.warn("gate round failed why=\"{}\"", e.toString(), e);
            }
        };
    }

    @Override
    public void close() {
        files.shutdownNow();
        returns.shutdownNow();
        guests.shutdownNow();
    }

    private final class Commands implements ReturnAgent.Outside {
        private final Function<Command, CompletableFuture<LogReply>> commit;
        private final Function<RecoveryState, CompletableFuture<RecoveryState>> confirm;
        private final Compute compute;

        Commands(
                Function<Command, CompletableFuture<LogReply>> commit,
                Function<RecoveryState, CompletableFuture<RecoveryState>> confirm,
                Compute compute) {
            this.commit = commit;
            this.confirm = confirm;
            this.compute = compute;
        }

        @Override
        public Optional<ComputeService> computeService() {
            return compute.computeServices().stream()
                    .filter(service -> service.host().equals(self))
                    .findFirst();
        }

        @Override
        public Optional<String> commit(Command command) {
            try {
                LogReply reply = commit.apply(command)
                        .orTimeout(COMMIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                        .join();
                return Optional.of(reply.getRefusal()).filter(refusal -> !refusal.isEmpty());
            } catch (CompletionException e) {
                return Optional.of("the group did not answer: " + e.getCause());
            }
        }

        @Override
        public Optional<RecoveryState> confirmed(RecoveryState known) {
            try {
                RecoveryState now = confirm.apply(known)
                        .orTimeout(CONFIRM_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                        .join();
                newest.onConfirmed(now);
                return Optional.of(now);
            } catch (CompletionException e) {
                LOG.debug(
                        "no majority confirms what is known of this host why=\"{}\"",
                        e.getCause().toString());
                return Optional.empty();
            }
        }

        /** By a command, or by a file that a unit of the package watches: the daemon has no right to restart anything. */
        @Override
        public void restartCompute() {
            if (config.restartCompute().isEmpty()) {
                Path request = config.file().resolveSibling("restart-nova-compute");
                try {
                    Files.writeString(request, self + "\n", StandardCharsets.UTF_8);
                } catch (IOException e) {
                    throw new HypervisorException("nova-compute's restart cannot be asked for in " + request, e);
                }
                return;
            }
            ChildProcess.Outcome outcome = ChildProcess.run(config.restartCompute(), Map.of(), "", RESTART_LIMIT);
            if (!outcome.hasExit(0)) {
                throw new HypervisorException(
                        "nova-compute was not restarted by " + config.restartCompute() + ": " + outcome.trouble() + " "
                                + outcome.output().strip(),
                        null);
            }
        }
    }
}
