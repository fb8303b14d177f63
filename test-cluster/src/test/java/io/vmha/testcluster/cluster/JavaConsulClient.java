package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.HostAndPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.kiwiproject.consul.Consul;
import org.kiwiproject.consul.KeyValueClient;
import org.kiwiproject.consul.cache.KVCache;
import org.kiwiproject.consul.model.kv.Value;
import org.kiwiproject.consul.model.session.ImmutableSession;
import org.kiwiproject.consul.option.ConsistencyMode;
import org.kiwiproject.consul.option.ImmutablePutOptions;
import org.kiwiproject.consul.option.ImmutableQueryOptions;
import org.kiwiproject.consul.util.LeaderElectionUtil;

/** What programs do with a Consul through the client library of kiwiproject, which was written for Consul; each daemon is a client's own. */
final class JavaConsulClient {
    private static final int ROUNDS = 3;
    private static final int LIMIT_S = 60;
    /** Below the library's own time limit for an answer. */
    private static final int WATCH_S = 5;

    private static final int LARGEST_BYTES = 512 * 1_024;

    private final Cluster cluster;
    private final List<Consul> clients = new ArrayList<>();

    JavaConsulClient(Cluster cluster, List<ClusterHost> daemons) {
        this.cluster = cluster;
        daemons.forEach(d -> clients.add(Consul.builder()
                .withHostAndPort(HostAndPort.fromParts(d.address(), 8500))
                .build()));
    }

    void useEverything() {
        try {
            keys();
            cacheFollowsAPrefix();
            oneLeaderIsElected();
            lockKeepsCountersRight();
            sessions();
            pool();
        } finally {
            clients.forEach(Consul::destroy);
        }
    }

    private KeyValueClient kv(int i) {
        return clients.get(i % clients.size()).keyValueClient();
    }

    private void keys() {
        assertThat(kv(0).putValue("java/a", "one", 7)).isTrue();
        Value value = kv(1).getValue("java/a").orElseThrow();
        assertThat(value.getValueAsString()).contains("one");
        assertThat(value.getFlags()).isEqualTo(7);
        assertThat(value.getSession()).isEmpty();
        assertThat(kv(2).getValue("java/none")).isEmpty();
        var stale =
                ImmutablePutOptions.builder().cas(value.getModifyIndex() - 1).build();
        var right = ImmutablePutOptions.builder().cas(value.getModifyIndex()).build();
        assertThat(kv(2).putValue("java/a", "two", 0, stale)).isFalse();
        assertThat(kv(2).putValue("java/a", "two", 0, right)).isTrue();
        byte[] bytes = {0, (byte) 0xff, 10};
        assertThat(kv(0).putValue(
                                "java/b/\u00e4 %2F+",
                                bytes, 0, ImmutablePutOptions.builder().build()))
                .isTrue();
        for (int i = 0; i < clients.size(); i++) {
            assertThat(kv(i).getValuesAsString("java/a")).containsExactly("two");
            assertThat(kv(i).getKeys("java/")).containsExactly("java/a", "java/b/\u00e4 %2F+");
            assertThat(kv(i).getKeys("java/", "/")).containsExactly("java/a", "java/b/");
            assertThat(kv(i).getValue("java/b/\u00e4 %2F+").orElseThrow().getValueAsBytes())
                    .contains(bytes);
            var consistent = ImmutableQueryOptions.builder()
                    .consistencyMode(ConsistencyMode.CONSISTENT)
                    .build();
            var response =
                    kv(i).getConsulResponseWithValue("java/a", consistent).orElseThrow();
            assertThat(response.isKnownLeader()).isTrue();
            assertThat(response.getIndex().longValueExact())
                    .isEqualTo(response.getResponse().getModifyIndex());
        }
        largestValues();
        kv(1).deleteKey("java/a");
        kv(1).deleteKeys("java/b");
        assertThat(kv(0).getKeys("java/")).isEmpty();
    }

    /** As large as Consul's: they go through the log and through the port of whoever leads. */
    private void largestValues() {
        for (int i = 0; i < clients.size(); i++) {
            String largest = String.valueOf((char) ('a' + i)).repeat(LARGEST_BYTES);
            assertThat(kv(i).putValue("java/b/large", largest)).isTrue();
            String read = kv(i + 1).getValueAsString("java/b/large").orElseThrow();
            assertThat(read.equals(largest))
                    .as("the value that client %d wrote", i)
                    .isTrue();
        }
        kv(0).deleteKey("java/b/large");
    }

    /** The library's cache lives on blocking queries. */
    private void cacheFollowsAPrefix() {
        for (int i = 0; i < clients.size(); i++) {
            kv(0).putValue("java/cached/x", "old");
            try (KVCache cache = KVCache.newCache(kv(i), "java/cached", WATCH_S)) {
                cache.start();
                cluster.await("the cache has begun", LIMIT_S, () -> cached(cache), Optional.of("old")::equals);
                kv(i + 1).putValue("java/cached/x", "new");
                cluster.await("it is told of a change", LIMIT_S, () -> cached(cache), Optional.of("new")::equals);
                kv(i + 1).deleteKey("java/cached/x");
                cluster.await("and of an end", LIMIT_S, () -> cached(cache), Optional::isEmpty);
            }
        }
    }

    private static Optional<String> cached(KVCache cache) {
        return cache.getMap().values().stream().findFirst().flatMap(Value::getValueAsString);
    }

    /** The library's own recipe. */
    private void oneLeaderIsElected() {
        List<CompletableFuture<Optional<String>>> votes = new ArrayList<>();
        for (int i = 0; i < 2 * clients.size(); i++) {
            var election = new LeaderElectionUtil(clients.get(i % clients.size()));
            String me = "candidate " + i;
            votes.add(CompletableFuture.supplyAsync(() -> election.electNewLeaderForService("java", me)));
        }
        List<String> elected = votes.stream()
                .map(v -> v.orTimeout(LIMIT_S, TimeUnit.SECONDS).join().orElseThrow())
                .distinct()
                .toList();
        assertThat(elected).as("leaders that the candidates were told").hasSize(1);
        for (Consul client : clients) {
            assertThat(new LeaderElectionUtil(client).getLeaderInfoForService("java"))
                    .contains(elected.get(0));
        }
        assertThat(new LeaderElectionUtil(clients.get(0)).releaseLockForService("java"))
                .isTrue();
        assertThat(new LeaderElectionUtil(clients.get(1)).getLeaderInfoForService("java"))
                .isEmpty();
    }

    private void lockKeepsCountersRight() {
        kv(0).putValue("java/counter", "0");
        List<CompletableFuture<Void>> workers = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
            Consul client = clients.get(i);
            workers.add(CompletableFuture.runAsync(() -> count(client)));
        }
        workers.forEach(w -> w.orTimeout(2 * LIMIT_S, TimeUnit.SECONDS).join());
        assertThat(kv(1).getValueAsString("java/counter")).contains(String.valueOf(ROUNDS * clients.size()));
        assertThat(kv(0).getValue("java/lock").orElseThrow().getLockIndex()).isEqualTo((long) ROUNDS * clients.size());
    }

    private void count(Consul client) {
        KeyValueClient own = client.keyValueClient();
        String session = client.sessionClient()
                .createSession(ImmutableSession.builder()
                        .lockDelay("0s")
                        .ttl("600s")
                        .behavior("release")
                        .build())
                .getId();
        for (int round = 0; round < ROUNDS; round++) {
            cluster.await("the lock", LIMIT_S, () -> own.acquireLock("java/lock", "mine", session), won -> won);
            int count = Integer.parseInt(own.getValueAsString("java/counter").orElseThrow());
            own.putValue("java/counter", String.valueOf(count + 1));
            assertThat(own.getSession("java/lock")).contains(session);
            assertThat(own.releaseLock("java/lock", session)).isTrue();
        }
        client.sessionClient().destroySession(session);
    }

    private void sessions() {
        var sessions = clients.get(2).sessionClient();
        String id = sessions.createSession(ImmutableSession.builder()
                        .name("java")
                        .ttl("30s")
                        .lockDelay("0s")
                        .behavior("delete")
                        .build())
                .getId();
        var info = clients.get(0).sessionClient().getSessionInfo(id).orElseThrow();
        assertThat(info.getName()).contains("java");
        assertThat(info.getTtl()).contains("30s");
        assertThat(sessions.renewSession(id)).isPresent();
        assertThat(kv(0).acquireLock("java/owned", "x", id)).isTrue();
        clients.get(1).sessionClient().destroySession(id);
        assertThat(sessions.getSessionInfo(id)).isEmpty();
        assertThat(kv(2).getValue("java/owned")).as("its key went with it").isEmpty();
        kv(0).deleteKeys("java");
    }

    private void pool() {
        for (Consul client : clients) {
            assertThat(client.statusClient().getLeader()).endsWith(":8300");
            assertThat(client.statusClient().getPeers()).hasSizeGreaterThanOrEqualTo(3);
            assertThat(client.catalogClient().getDatacenters()).hasSize(1);
            assertThat(client.catalogClient().getNodes().getResponse()).hasSizeGreaterThanOrEqualTo(clients.size());
        }
    }
}
