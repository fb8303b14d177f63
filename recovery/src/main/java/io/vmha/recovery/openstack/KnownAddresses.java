package io.vmha.recovery.openstack;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where Keystone's and Nova's names led when they were last asked for: a name server that is gone must not be in the way of a recovery.
 * Names are asked for on a thread of its own, for a lookup may hang for many seconds, and again and again, so that a host that has
 * never led knows where to go when it must.
 */
final class KnownAddresses implements AutoCloseable {
    /** The system's own question about a name; throws where there is no answer. */
    interface Lookup {
        InetAddress address(String name) throws UnknownHostException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(KnownAddresses.class);
    private static final int NAMES_MAX = 16;
    private static final long PERIOD_S = 20; // within the 30 s for which the JVM remembers: a call seldom waits

    private final Lookup lookup;
    private final Duration patience;
    private final Map<String, Name> names = new TreeMap<>();
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, work -> {
        var made = new Thread(work, "openstack-names");
        made.setDaemon(true);
        return made;
    });

    /** What is known of one name. */
    private static final class Name {
        private CompletableFuture<InetAddress> question = new CompletableFuture<>();
        private Optional<InetAddress> last = Optional.empty();
        private boolean isMissed;
    }

    /** @param patience how long a call waits for the name server before it goes where it went before */
    KnownAddresses(Lookup lookup, Duration patience) {
        this.lookup = lookup;
        this.patience = patience;
        thread.setRemoveOnCancelPolicy(true);
        var unused = thread.scheduleWithFixedDelay(this::askAgain, PERIOD_S, PERIOD_S, TimeUnit.SECONDS);
    }

    /** Asks for a name that will be needed; waits for nothing. */
    void learn(String name) {
        if (!isAddress(name)) {
            var unused = question(name);
        }
    }

    /** The address to use instead of a name, because nobody answers for it now; empty if it is answered for, or was never. */
    Optional<InetAddress> insteadOf(String name) {
        if (isAddress(name)) {
            return Optional.empty();
        }
        try {
            question(name).get(patience.toNanos(), TimeUnit.NANOSECONDS);
            return found(name);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (ExecutionException | TimeoutException e) {
            return missed(name);
        }
    }

    /** The question that is being asked now, or a new one. With more names than any cloud has, nothing is asked. */
    private synchronized CompletableFuture<InetAddress> question(String name) {
        Name known = names.get(name);
        if (known != null && !known.question.isDone()) {
            return known.question;
        }
        if (known == null) {
            if (names.size() >= NAMES_MAX) {
                return CompletableFuture.completedFuture(InetAddress.getLoopbackAddress());
            }
            known = new Name();
            names.put(name, known);
        }
        var question = new CompletableFuture<InetAddress>();
        known.question = question;
        if (!thread.isShutdown()) {
            thread.execute(() -> ask(name, question));
        }
        return question;
    }

    private void ask(String name, CompletableFuture<InetAddress> question) {
        try {
            InetAddress address = lookup.address(name);
            synchronized (this) {
                names.get(name).last = Optional.of(address);
            }
            question.complete(address);
        } catch (UnknownHostException e) {
            question.completeExceptionally(e);
        }
    }

    private void askAgain() {
        String[] all;
        synchronized (this) {
            all = names.keySet().toArray(new String[0]);
        }
        for (String name : all) {
            var unused = question(name);
        }
    }

    private synchronized Optional<InetAddress> found(String name) {
        Name known = names.get(name);
        if (known != null && known.isMissed) {
            known.isMissed = false;
            LOG.info("the name server answers again name={}", name);
        }
        return Optional.empty();
    }

    private synchronized Optional<InetAddress> missed(String name) {
        Name known = names.get(name);
        if (!known.isMissed && known.last.isPresent()) {
            known.isMissed = true;
            LOG.warn("nobody answers for a name, its last address is used name={} address={}", name, known.last.get());
        }
        return known.last;
    }

    /** Written in digits: there is nothing to ask. */
    private static boolean isAddress(String host) {
        return host.contains(":") || host.matches("[0-9.]+");
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
