package io.vmha.node.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateTest {
    private static final HostName SELF = new HostName("hv-1");
    private static final RecoveryState NOTHING = RecoveryState.empty();

    @TempDir
    Path directory;

    private static RecoveryState protectedState() {
        var settings = new AzSettings("az1", 1, "g", true, true, true, new Limits(4, 100), Proofs.BMC);
        return NOTHING.apply(new Entry(1, 5), new AzCommand.EnableAz(0, settings, List.of(SELF)))
                .state();
    }

    @Test
    void aHostThatWasNeverProtectedWaitsForNothing() {
        assertThat(Gate.judge(SELF, NOTHING, false, false).open()).isTrue();
    }

    @Test
    void aProtectedHostWaitsForAMajorityOfThisBoot() {
        assertThat(Gate.judge(SELF, NOTHING, true, false).open()).isFalse();
        assertThat(Gate.judge(SELF, protectedState(), true, false).open()).isFalse();
        assertThat(Gate.judge(SELF, protectedState(), true, true).open()).isTrue();
    }

    @Test
    void protectionIsRememberedOverABootAndForgottenOnlyOnANewerWord() {
        Path file = directory.resolve("protected");
        var mark = new ProtectedMark(file);
        assertThat(mark.isSet()).isFalse();
        mark.onState(protectedState(), SELF, OptionalLong.empty());
        assertThat(new ProtectedMark(file).isSet()).isTrue();

        var afterBoot = new ProtectedMark(file);
        afterBoot.onState(NOTHING, SELF, OptionalLong.empty());
        assertThat(afterBoot.isSet()).as("nobody has said anything").isTrue();
        afterBoot.onState(NOTHING, SELF, OptionalLong.of(4));
        assertThat(afterBoot.isSet()).as("a voter that is behind").isTrue();
        afterBoot.onState(NOTHING, SELF, OptionalLong.of(9));
        assertThat(afterBoot.isSet()).as("a voter that knows more").isFalse();
        assertThat(file).doesNotExist();
    }

    @Test
    void aMarkThatWasCutOffStillCounts() throws Exception {
        Path file = directory.resolve("protected");
        Files.writeString(file, "");

        assertThat(new ProtectedMark(file).isSet()).isTrue();
    }

    @Test
    void aMarkThatCannotBeReadStillCounts() throws Exception {
        Path garbled = directory.resolve("garbled");
        Files.write(garbled, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        Path failing = Files.createDirectory(directory.resolve("failing"));

        assertThat(new ProtectedMark(garbled).isSet()).isTrue();
        assertThat(new ProtectedMark(failing).isSet()).isTrue();
        assertThat(new ProtectedMark(directory.resolve("none")).isSet()).isFalse();
    }
}
