package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReadmissionTest {
    private final List<String> effects = new ArrayList<>();
    private ComputeService service =
            new ComputeService("id-1", hv(1), false, false, true, Optional.of("vmha: incident 1"));
    private Optional<ComputeException> refusal = Optional.empty();
    private boolean wanted = true;

    private final ServiceRecords nova = new ServiceRecords() {
        @Override
        public List<ComputeService> computeServices() {
            return List.of(service);
        }

        @Override
        public void forceUp(HostName host) {
            if (refusal.isPresent()) {
                throw refusal.get();
            }
            effects.add("force-up");
            service = new ComputeService("id-1", host, true, service.enabled(), false, service.disabledReason());
        }

        @Override
        public void enable(HostName host) {
            effects.add("enable");
            service = new ComputeService("id-1", host, service.up(), true, service.forcedDown(), Optional.empty());
        }
    };

    private Readmission advance() {
        return Readmission.advance(nova, hv(1), () -> wanted);
    }

    @Test
    void firstUpThenEnabledThenReadOnceMore() {
        assertThat(advance().done()).isFalse();
        assertThat(effects).containsExactly("force-up");
        assertThat(advance().done()).isFalse();
        assertThat(effects).containsExactly("force-up", "enable");
        assertThat(advance().done()).isTrue();
        assertThat(effects).as("nothing is done twice").hasSize(2);
    }

    @Test
    void novasRefusalIsWaitedFor() {
        refusal = Optional.of(new ComputeException(
                ComputeException.Kind.REFUSED, 400, "evacuations are not completed; start its nova-compute", null));

        Readmission result = advance();

        assertThat(result.done()).isFalse();
        assertThat(result.detail()).contains("start its nova-compute");
    }

    @Test
    void whatSomebodyElseDisabledStaysDisabled() {
        service = new ComputeService("id-1", hv(1), true, false, false, Optional.of("disks are being replaced"));

        Readmission result = advance();

        assertThat(result.done()).isTrue();
        assertThat(result.detail()).contains("disks are being replaced");
        assertThat(effects).isEmpty();
    }

    @Test
    void aSilentNovaComputeIsWaitedFor() {
        service = new ComputeService("id-1", hv(1), false, false, false, Optional.of("vmha: incident 1"));

        assertThat(advance().detail()).contains("does not report");
        assertThat(effects).isEmpty();
    }

    @Test
    void aLeaderWhoseTermIsOverChangesNothing() {
        wanted = false;

        assertThat(advance().done()).isFalse();
        assertThat(effects).isEmpty();
    }
}
