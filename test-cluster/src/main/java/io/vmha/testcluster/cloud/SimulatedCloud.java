package io.vmha.testcluster.cloud;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keystone and Nova of a small cloud on one address, with simulated hosts and guests behind them. Hosts die and come back by
 * {@link #setPower}, {@link #setComputeAlive} and {@link #setConnected}; what the guests truly did is in {@link #ledger}, what was asked in
 * {@link #requests}. Safe for all threads; stopped by {@link #close}.
 */
public final class SimulatedCloud implements AutoCloseable {
    private static final int THREADS_MAX = 64; // a disable of a dead host keeps one for a minute

    static {
        // Without it the JDK's server waits 40 ms for the client's delayed acknowledgement. Read once, when the server
        // class is loaded.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final Region region;
    private final Keystone keystone;
    private final Faults faults = new Faults();
    private final RequestLog requests = new RequestLog();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final HttpServer server;
    private final ExecutorService threads;

    private SimulatedCloud(InetSocketAddress address, CloudSettings settings, InstantSource clock) throws IOException {
        this.region = new Region(settings, clock);
        this.keystone = new Keystone(region);
        this.server = HttpServer.create(address, 128);
        AtomicInteger number = new AtomicInteger();
        this.threads = Executors.newFixedThreadPool(THREADS_MAX, task -> {
            Thread thread = new Thread(task, "cloud-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", new CloudFront(region, keystone, faults, requests, closed));
        server.createContext("/_sim", new ControlFront(this));
    }

    /** On a port of its own on 127.0.0.1. */
    public static SimulatedCloud start(CloudSettings settings) {
        return start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), settings);
    }

    /**
     * On the given address.
     *
     * @throws IllegalStateException if it cannot be bound
     */
    public static SimulatedCloud start(InetSocketAddress address, CloudSettings settings) {
        long startedNanos = System.nanoTime();
        Instant started = Instant.now();
        return start(address, settings, () -> started.plusNanos(System.nanoTime() - startedNanos)); // never set back
    }

    /** With time of the caller's making, which must never go back; waits of {@code RPC_TIMEOUT} are real all the same. */
    public static SimulatedCloud start(InetSocketAddress address, CloudSettings settings, InstantSource clock) {
        try {
            SimulatedCloud cloud = new SimulatedCloud(address, settings, clock);
            cloud.server.start();
            return cloud;
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the simulated cloud cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    /** What a client is configured with, such as {@code http://127.0.0.1:35357/v3}. */
    public URI authUrl() {
        return base().resolve("/v3");
    }

    /** Nova's endpoint, as the catalog names it. */
    public URI computeUrl() {
        return base().resolve("/v2.1");
    }

    URI base() {
        InetSocketAddress address = server.getAddress();
        return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
    }

    /** Where Keystone, Nova and the control endpoint {@code /_sim} listen. */
    public InetSocketAddress controlAddress() {
        return server.getAddress();
    }

    /** The requests that were asked of Keystone and Nova. */
    public RequestLog requests() {
        return requests;
    }

    public Faults faults() {
        return faults;
    }

    /** When every guest ran, and where, up to now. */
    public GuestLedger ledger() {
        synchronized (region) {
            region.runDue();
            return region.ledger;
        }
    }

    /** Adds a hypervisor: powered, with a live nova-compute, in no aggregate. */
    public void addHost(String name) {
        change(() -> region.addHost(name));
    }

    /** Adds an aggregate that is a zone, with its hosts, which must be there. Returns Nova's id of the aggregate. */
    public long addZone(String zone, List<String> hosts) {
        synchronized (region) {
            region.runDue();
            hosts.forEach(region::host);
            AggregateRecord aggregate = region.addAggregate(zone, Optional.of(zone));
            aggregate.hosts.addAll(hosts);
            return aggregate.id;
        }
    }

    /** Adds a server of a project that is not the administrator's: listed only with {@code all_tenants}. */
    public String addServer(ServerSpec spec) {
        change(() -> region.addServer(spec, Region.USER_PROJECT));
        return spec.id();
    }

    /** Kills the host's nova-compute, while its guests go on, or starts it: it then completes the evacuations from its host. */
    public void setComputeAlive(String host, boolean alive) {
        change(() -> {
            if (alive) {
                region.startCompute(region.host(host));
            } else {
                region.stopCompute(region.host(host));
            }
        });
    }

    /** From now on the host's nova-compute does not start with the host: it waits behind a gate until it is started. */
    public void gateCompute(String host) {
        change(() -> region.host(host).gated = true);
    }

    /** Kills and starts nova-compute in one step, as a service manager does. */
    public void restartCompute(String host) {
        change(() -> {
            region.stopCompute(region.host(host));
            region.startCompute(region.host(host));
        });
    }

    /** Cuts the host off Nova, or connects it again; nova-compute and guests go on and notice nothing. */
    public void setConnected(String host, boolean connected) {
        change(() -> region.connect(region.host(host), connected));
    }

    /** Cuts the power: guests and nova-compute are gone at once. Or restores it: nova-compute starts, the guests do not. */
    public void setPower(String host, boolean on) {
        change(() -> region.power(region.host(host), on));
    }

    public boolean isPowered(String host) {
        synchronized (region) {
            region.runDue();
            return region.host(host).powered;
        }
    }

    /** True if somebody has told Nova that the host is down, or has taken it from the scheduler. */
    public boolean isForcedDownOrDisabled(String host) {
        return look(region -> region.host(host).forcedDown || region.host(host).disabled);
    }

    /** True if the host's nova-compute hears calls and reports. */
    public boolean isComputeAlive(String host) {
        return look(region -> region.host(host).isAlive());
    }

    /** The host on which a server is being rebuilt at this moment, once it is chosen. */
    public Optional<String> rebuildTarget(String server) {
        return look(region -> Optional.ofNullable(region.servers.get(server))
                .flatMap(record -> record.rebuild)
                .flatMap(Rebuild::target));
    }

    /** A guest dies or shuts itself down while its host lives: Nova finds out later and has its record stopped. */
    public void endGuest(String server) {
        change(() -> region.endGuest(server));
    }

    /** True if Nova's record of the server says that it is stopped. */
    public boolean isStopped(String server) {
        return look(region -> region.servers.get(server).vmState == ServerSpec.VmState.STOPPED);
    }

    /** Lets every rebuild on this host fail at its end, until taken back. */
    public void setSpawnFails(String host, boolean fails) {
        change(() -> region.host(host).spawnFails = fails);
    }

    /** Every token given out so far is refused from now on. */
    public void expireTokens() {
        change(keystone::expireAll);
    }

    private void change(Runnable change) {
        synchronized (region) {
            region.runDue();
            change.run();
        }
    }

    /** Runs with the region as it is now; for the control endpoint. */
    <T> T look(java.util.function.Function<Region, T> question) {
        synchronized (region) {
            region.runDue();
            return question.apply(region);
        }
    }

    /** Stops listening and wakes the requests that wait. */
    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdown();
        try {
            threads.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
