package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.ServerId;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What every {@link Hypervisor} must do; one set of tests for libvirt and for the processes of the local cluster. */
abstract class HypervisorContract {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    abstract Hypervisor hypervisor();

    /** Starts a guest with this id. */
    abstract void start(ServerId id);

    static ServerId id(int number) {
        return new ServerId("7c9e6679-7425-40de-944b-e07fc1f9" + String.format(Locale.ROOT, "%04d", number));
    }

    @Test
    void guestsAreListedWithTheirStateAndDestroyedOneByOne() {
        Hypervisor hypervisor = hypervisor();
        assertThat(hypervisor.domains()).isEmpty();
        start(id(1));
        start(id(2));
        hypervisor.suspend(id(2));
        hypervisor.suspend(id(2)); // again: it is paused
        hypervisor.suspend(id(3)); // never there

        assertThat(hypervisor.domains()).extracting(Hypervisor.Domain::id).containsExactlyInAnyOrder(id(1), id(2));
        assertThat(hypervisor.domains().stream()
                        .filter(Hypervisor.Domain::running)
                        .map(Hypervisor.Domain::id))
                .containsExactly(id(1));

        hypervisor.destroy(id(2));
        assertGone(hypervisor, List.of(id(1)));
        hypervisor.destroy(id(2)); // again: nothing to do
        hypervisor.destroy(id(1));
        assertGone(hypervisor, List.of());
        hypervisor.destroy(id(3)); // never there
    }

    private static void assertGone(Hypervisor hypervisor, List<ServerId> left) {
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (!hypervisor.domains().stream()
                .map(Hypervisor.Domain::id)
                .toList()
                .equals(left)) {
            assertThat(System.nanoTime() - endNanos)
                    .as(() -> "left " + hypervisor.domains() + ", not " + left)
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }
}
