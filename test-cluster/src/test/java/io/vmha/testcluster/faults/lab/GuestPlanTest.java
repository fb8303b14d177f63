package io.vmha.testcluster.faults.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GuestPlanTest {
    @Test
    void processesAreFencedAndNeverPausedUnlessSomebodyWantsIt() {
        GuestPlan usual = GuestPlan.of("processes", "");

        assertThat(usual).isEqualTo(GuestPlan.PROCESSES);
        assertThat(usual.isGuarded()).isFalse();
        assertThat(usual.vmsUsual()).isEqualTo(2);
        assertThat(GuestPlan.of("processes", "lease,bmc").isGuarded()).isTrue();
    }

    @Test
    void realGuestsAreGuarded() {
        GuestPlan qemu = GuestPlan.of("qemu", "");

        assertThat(qemu.isGuarded()).isTrue();
        assertThat(qemu.isFenced()).isTrue();
        assertThat(qemu.vmsUsual()).isEqualTo(1);
        assertThat(GuestPlan.of("qemu", "lease").isFenced()).isFalse();
        assertThat(GuestPlan.of("qemu", "bmc").isGuarded()).isFalse();
    }

    @Test
    void theOptionsThatRepeatARunMakeTheSamePlan() {
        assertThat(GuestPlan.of("processes", "bmc").options()).isEmpty();
        assertThat(GuestPlan.of("processes", "lease").options()).isEqualTo(" --proof lease");
        assertThat(GuestPlan.of("qemu", "bmc,lease").options()).isEqualTo(" --guests qemu");
        assertThat(GuestPlan.of("qemu", "lease").options()).isEqualTo(" --guests qemu --proof lease");
    }

    @Test
    void otherWordsAreRefused() {
        assertThatThrownBy(() -> GuestPlan.of("QEMU", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("guests must be processes or qemu but are 'QEMU'");
        assertThatThrownBy(() -> GuestPlan.of("qemu", "bmc lease"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a proof must be bmc, lease or bmc,lease but is 'bmc lease'");
    }
}
