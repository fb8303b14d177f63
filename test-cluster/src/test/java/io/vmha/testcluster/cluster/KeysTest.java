package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.history.HistoryFile;
import io.vmha.testcluster.history.Operation;
import io.vmha.testcluster.history.Operation.Outcome;
import io.vmha.testcluster.history.Verdict;
import io.vmha.testcluster.workload.KvWorkload;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Keys, sessions and locks on six real daemons, one of which does not vote, with clients that nobody here wrote. */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KeysTest {
    private static final int HOSTS = 6;

    private Scene scene;
    private Cluster cluster;
    private Path directory;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) {
        directory = temporary;
        scene = new Scene(directory, Set.of(), (host, settings) -> {});
        cluster = scene.cluster;
        cluster.start(HOSTS, 0);
        cluster.enable(HOSTS);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
    }

    private List<URI> daemons() {
        return cluster.hosts().stream()
                .map(h -> URI.create("http://" + h.address() + ":8500"))
                .toList();
    }

    @Test
    @Order(1)
    void fiveClientsOnAHealthyClusterSeeOneStore() {
        KvWorkload workload = new KvWorkload(daemons(), 1);
        workload.start(5);
        cluster.await("the clients have made 300 calls", 120, workload::calls, calls -> calls > 300);
        workload.finish();

        assertRight(workload.history());
    }

    private void assertRight(List<Operation> history) {
        Verdict verdict = KvWorkload.check(history);
        if (!verdict.isRight()) {
            HistoryFile.write(directory.resolve("history"), history);
        }
        System.out.println(
                verdict.explanation() + "; done " + KvWorkload.count(history, Outcome.DONE) + ", without effect "
                        + KvWorkload.count(history, Outcome.NO_EFFECT) + ", unknown "
                        + KvWorkload.count(history, Outcome.UNKNOWN));
        assertThat(verdict).as(verdict.explanation()).isInstanceOf(Verdict.Right.class);
    }
}
