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

    /** Kills the process of a guest without a word to anybody. */
    abstract void crash(ServerId id);

    /** Ends a guest as its owner does from inside. */
    abstract void shutDown(ServerId id);

    @Test
    void aGuestThatCrashedIsToldFromOneThatWasEnded() {
        Hypervisor hypervisor = hypervisor();
        for (int i = 5; i <= 7; i++) {
            start(id(i));
            assertThat(hypervisor.fate(id(i)).kind()).isEqualTo(Hypervisor.Fate.Kind.LIVES);
        }

        crash(id(5));
        shutDown(id(6));
        hypervisor.destroy(id(7));
        assertGone(hypervisor, List.of());

        assertThat(hypervisor.fate(id(5)).kind()).isEqualTo(Hypervisor.Fate.Kind.CRASHED);
        assertThat(hypervisor.fate(id(6)).kind()).isEqualTo(Hypervisor.Fate.Kind.ENDED);
        assertThat(hypervisor.withoutProcess()).contains(id(5)).doesNotContain(id(1));
        assertThat(hypervisor.fate(id(8)).kind()).as("never there").isEqualTo(Hypervisor.Fate.Kind.ENDED);
    }

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
