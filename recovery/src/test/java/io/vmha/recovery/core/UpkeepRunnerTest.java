package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.UpkeepAction.ResetRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What is read once more before something is done. */
class UpkeepRunnerTest {
    private static final ResetRecord RESET = reset(Rest.AS_IT_COMES);

    private final OneServer nova = new OneServer();
    private final UpkeepRunner runner = new UpkeepRunner(nova, new NoBmcs(), guests -> Guests.Words.NONE, term -> true);

    private static ResetRecord reset(Rest rest) {
        Server server = FakeNova.active(vm(1), hv(2));
        return new ResetRecord(1, new LateRebuild(hv(1), server, hv(4), new TreeSet<>(), true), rest);
    }

    /** A Nova with one server and its nova-compute. Whatever else it is asked for fails the test. */
    private static final class OneServer implements Operations {
        private Server server = FakeNova.active(vm(1), hv(2));
        private boolean up = true;
        private final List<ServerId> calledActive = new ArrayList<>();
        private final List<Rest> broughtToRest = new ArrayList<>();
        private boolean refusesRest;

        private static UnsupportedOperationException notAsked() {
            return new UnsupportedOperationException("a reset of a record asks for nothing of this kind");
        }

        @Override
        public Optional<Server> server(ServerId id) {
            return Optional.of(server).filter(s -> s.id().equals(id));
        }

        @Override
        public List<ComputeService> computeServices() {
            return List.of(new ComputeService("1", hv(2), up, true, !up, Optional.empty(), Optional.empty()));
        }

        @Override
        public void callActive(ServerId id) {
            calledActive.add(id);
        }

        @Override
        public void rest(ServerId id, Rest how) {
            if (refusesRest) {
                throw new ComputeException(ComputeException.Kind.REFUSED, 409, "it is locked", null);
            }
            broughtToRest.add(how);
        }

        @Override
        public List<Server> withImages(List<Server> servers) {
            throw notAsked();
        }

        @Override
        public List<Server> serversOn(HostName host) {
            throw notAsked();
        }

        @Override
        public void restart(ServerId id) {
            throw notAsked();
        }

        @Override
        public void migrateLive(ServerId id) {
            throw notAsked();
        }

        @Override
        public void migrateCold(ServerId id) {
            throw notAsked();
        }

        @Override
        public void confirmMigration(ServerId id) {
            throw notAsked();
        }

        @Override
        public void disableLiving(HostName host, String reason) {
            throw notAsked();
        }

        @Override
        public List<Migration> evacuationsFrom(HostName host) {
            throw notAsked();
        }

        @Override
        public Optional<SortedMap<HostName, Long>> freeMemoryMb() {
            throw notAsked();
        }

        @Override
        public void forceUp(HostName host) {
            throw notAsked();
        }

        @Override
        public void enable(HostName host) {
            throw notAsked();
        }
    }

    private static final class NoBmcs implements Fencer {
        @Override
        public boolean isConfigured(HostName host) {
            return false;
        }

        @Override
        public BmcStatement status(HostName host) {
            throw OneServer.notAsked();
        }

        @Override
        public BmcStatement powerOff(HostName host) {
            throw OneServer.notAsked();
        }

        @Override
        public BmcStatement powerOn(HostName host) {
            throw OneServer.notAsked();
        }
    }

    private void novaHas(HostName host, String vmState, Optional<String> task) {
        nova.server = FakeNova.with(FakeNova.active(vm(1), hv(2)), host, vmState, task);
    }

    private void notReset(String meanwhile) {
        assertThat(runner.run(RESET)).as(meanwhile).isInstanceOf(UpkeepResult.Failed.class);
        assertThat(nova.calledActive).as(meanwhile).isEmpty();
    }

    @Test
    void recordIsResetOnlyWhereItIsStillAsALateRebuildLeavesIt() {
        novaHas(hv(2), "error", Optional.empty());
        notReset("it has failed for another reason meanwhile");
        novaHas(hv(2), "active", Optional.empty());
        notReset("somebody else has reset it");
        novaHas(hv(3), "error", Optional.of("rebuilding"));
        notReset("Nova has it on another host by now");
        novaHas(hv(2), "error", Optional.of("rebuilding"));
        nova.up = false;
        notReset("the nova-compute of its host is down");

        nova.up = true;
        assertThat(runner.run(RESET)).isInstanceOf(UpkeepResult.Done.class);
        assertThat(nova.calledActive).containsExactly(vm(1));
    }

    @Test
    void recordOfAStoppedServerIsResetAndTheServerIsStoppedAgain() {
        novaHas(hv(2), "error", Optional.of("rebuilding"));

        assertThat(runner.run(reset(Rest.STOPPED))).isInstanceOf(UpkeepResult.Done.class);
        assertThat(nova.calledActive).containsExactly(vm(1));
        assertThat(nova.broughtToRest).containsExactly(Rest.STOPPED);
    }

    @Test
    void serverThatNovaWouldNotBringToRestIsHalfDone() {
        novaHas(hv(2), "error", Optional.of("rebuilding"));
        nova.refusesRest = true;

        assertThat(runner.run(reset(Rest.PAUSED)))
                .isEqualTo(new UpkeepResult.HalfDone(reset(Rest.PAUSED), "it is locked"));
    }
}
