package io.vmha.testcluster.bench;

import io.vmha.testcluster.cluster.Cluster;
import io.vmha.testcluster.cluster.ClusterHost;
import io.vmha.testcluster.cluster.SimulatedBackend;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Three whole vmhad of an enabled AZ, written to as keys through Consul's HTTP on port 8500; each key always at the same daemon. */
final class DaemonGroup implements ServerGroup {
    private static final Duration WRITE_LIMIT = Duration.ofSeconds(29);
    private static final int OK = 200;

    private final Cluster cluster;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** @param net the first three numbers of loopback addresses that nobody uses */
    DaemonGroup(Path directory, String net) {
        cluster = new Cluster(
                directory.resolve("daemons"),
                net,
                new SimulatedBackend(new InetSocketAddress(net + ".200", 5000)),
                what -> {});
    }

    @Override
    public String name() {
        return "vmhad over HTTP";
    }

    @Override
    public void start() {
        cluster.start(SERVERS, 0);
        cluster.enable(SERVERS);
    }

    @Override
    public CompletableFuture<Void> put(String key, byte[] value) {
        ClusterHost host = cluster.hosts().get(Math.floorMod(key.hashCode(), SERVERS));
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + host.address() + ":8500/v1/kv/bench/" + key))
                .timeout(WRITE_LIMIT)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(value))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).thenApply(answer -> {
            if (answer.statusCode() != OK) {
                throw new IllegalStateException(answer.statusCode() + ": " + answer.body());
            }
            return null;
        });
    }

    @Override
    public int leader() {
        String name = cluster.leader();
        return Integer.parseInt(name.substring(name.indexOf('-') + 1)) - 1;
    }

    @Override
    public int elections() {
        return cluster.client()
                .get(cluster.hosts().get(leader()), "/v1/leader")
                .map(leader -> leader.path("term").asInt())
                .orElseThrow();
    }

    @Override
    public ProcessHandle process(int server) {
        return cluster.process(cluster.hosts().get(server).name());
    }

    @Override
    public void restart(int server) {
        cluster.startDaemon(cluster.hosts().get(server).name());
        cluster.awaitVoters(SERVERS, SERVERS);
    }

    @Override
    public void close() {
        cluster.close();
    }
}
