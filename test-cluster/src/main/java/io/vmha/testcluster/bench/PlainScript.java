package io.vmha.testcluster.bench;

import io.vmha.testcluster.cluster.ClusterException;
import io.vmha.testcluster.cluster.NovaClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What recovery would be if the truth were known: at the instant of a host's death it is forced down, its servers are listed, and all of
 * them are evacuated by parallel calls. No proof, no lock, no watching, no retry; the best that anything over Nova can hope for.
 */
final class PlainScript {
    private final NovaClient nova;
    private final int threads;

    PlainScript(NovaClient nova, int threads) {
        this.nova = nova;
        this.threads = threads;
    }

    /**
     * Returns when Nova has answered all calls.
     *
     * @return wall clock of the first call
     */
    long recover(String host) {
        nova.forceDown(host);
        List<NovaClient.Vm> vms =
                nova.servers().stream().filter(vm -> vm.host().equals(host)).toList();
        long firstCallAtMs = System.currentTimeMillis();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            var calls = new ArrayList<Future<?>>();
            for (NovaClient.Vm vm : vms) {
                calls.add(pool.submit(
                        () -> nova.call("POST", "/servers/" + vm.id() + "/action", "2.68", "{\"evacuate\": {}}")));
            }
            for (Future<?> call : calls) {
                call.get();
            }
            return firstCallAtMs;
        } catch (ExecutionException e) {
            throw new ClusterException(
                    "the plain script failed: " + e.getCause().getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        } finally {
            pool.shutdownNow();
        }
    }
}
