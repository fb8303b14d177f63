package io.vmha.node.storage;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.StorageReport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at this host's instances storage every ten seconds, on a thread of its own because a dead NFS server holds up whoever touches it,
 * and commits what has changed.
 */
public final class StorageReports implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StorageReports.class);
    private static final long PERIOD_MS = 10_000;
    private static final int NONCE_BYTES = 12;

    private final HostName self;
    private final String place;
    private final Optional<StorageProbe> probe;
    private final Supplier<RecoveryState> state;
    private final Function<Command, CompletableFuture<?>> commit;
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, StorageReports::probeThread);

    /**
     * Nothing is done before {@link #start}.
     *
     * @param path the instances' directory; empty for an image backend, which needs no proof
     * @param commit commits a command, on whichever thread
     */
    public StorageReports(
            HostName self,
            String place,
            Optional<Path> path,
            Supplier<RecoveryState> state,
            Function<Command, CompletableFuture<?>> commit) {
        var random = new SecureRandom();
        this.self = self;
        this.place = place;
        this.probe = path.map(directory -> new StorageProbe(self, place, directory, () -> nonce(random)));
        this.state = state;
        this.commit = commit;
    }

    private static Thread probeThread(Runnable runnable) {
        var thread = new Thread(runnable, "storage-probe");
        thread.setDaemon(true);
        return thread;
    }

    private static String nonce(SecureRandom random) {
        byte[] bytes = new byte[NONCE_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Begins to look. */
    public StorageReports start() {
        var unused = thread.scheduleWithFixedDelay(this::round, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
        return this;
    }

    private void round() {
        try {
            RecoveryState now = state.get();
            HostRecord own = now.hosts().get(self);
            if (!now.isEnabled() || own == null || own.status() != HostRecord.Status.IN_SERVICE) {
                return;
            }
            StorageReport report = probe.map(p -> p.look(now.hosts().keySet()))
                    .orElseGet(() -> new StorageReport(place, "", new TreeMap<>(), ""));
            if (!own.storage().equals(Optional.of(report))) {
                LOG.info(
                        "instances storage place={} seen={} trouble=\"{}\"",
                        place,
                        report.seen().keySet(),
                        report.trouble());
                var unused = commit.apply(new AzCommand.ReportStorage(System.currentTimeMillis(), self, report));
            }
        } catch (RuntimeException e) {
            LOG.warn("the instances storage could not be looked at why=\"{}\"", e.toString(), e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
