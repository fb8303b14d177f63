package io.vmha.node.control;

import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.FenceTestCommand;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves that a host can be fenced: that its device is configured, answers, and is that host's; and, if a person really wants it, that it
 * switches, on a host in maintenance without running VMs.
 */
final class FenceTest {
    private static final Logger LOG = LoggerFactory.getLogger(FenceTest.class);

    private final HostName self;
    private final Fencer fencer;
    private final Function<BooleanSupplier, Fencer> bound;
    private final Compute compute;
    private final Function<Command, Optional<String>> group;
    private final Supplier<Optional<RecoveryState>> confirmed;
    private final LongSupplier wallMs;

    /**
     * @param bound the same devices, which switch only while something holds
     * @param group commits a command; the refusal, or empty
     * @param confirmed the state as a majority confirms it now; empty if none does
     */
    FenceTest(
            HostName self,
            Fencer fencer,
            Function<BooleanSupplier, Fencer> bound,
            Compute compute,
            Function<Command, Optional<String>> group,
            Supplier<Optional<RecoveryState>> confirmed,
            LongSupplier wallMs) {
        this.self = self;
        this.fencer = fencer;
        this.bound = bound;
        this.compute = compute;
        this.group = group;
        this.confirmed = confirmed;
        this.wallMs = wallMs;
    }

    /** Blocks for as long as the fence agent takes. */
    Answer run(RecoveryState state, HostName host, boolean really) {
        if (!fencer.isConfigured(host)) {
            return UpkeepOrders.whyUnknown(state, host)
                    .map(why -> new Answer(404, why))
                    .orElseGet(() -> new Answer(
                            404, "host " + host + " has no fence device; add it under fencing.hosts on every node"));
        }
        Optional<Answer> refusal = really ? whyNotReally(state, host) : Optional.empty();
        if (refusal.isPresent()) {
            return refusal.get();
        }
        BmcStatement said = fencer.status(host);
        if (said.power() == PowerState.UNKNOWN || !said.identityMatches()) {
            return new Answer(409, "the fence device of " + host + " does not work: " + said.detail());
        }
        String asked = "the fence device of " + host + " answers in " + said.tookMs() + " ms, is that host's, and says "
                + said.power();
        return really ? committed(host, asked) : new Answer(200, asked + "; nothing was switched");
    }

    /** The intent is in the log before the host is switched, and the outcome after it (S9). */
    private Answer committed(HostName host, String asked) {
        Optional<String> refused = group.apply(new FenceTestCommand.BeginFenceTest(wallMs.getAsLong(), host, self));
        if (refused.isPresent()) {
            return new Answer(409, refused.get());
        }
        Answer done = cycle(host, asked);
        group.apply(new FenceTestCommand.EndFenceTest(wallMs.getAsLong(), host, self, done.message()))
                .ifPresent(why -> LOG.warn("outcome of a fence test is not recorded host={} why=\"{}\"", host, why));
        return done;
    }

    private Optional<Answer> whyNotReally(RecoveryState state, HostName host) {
        HostRecord record = state.hosts().get(host);
        if (record == null || !record.maintenance()) {
            return Optional.of(new Answer(
                    409,
                    "host " + host
                            + " is not in maintenance; only such a host is powered off for a test: vmha host"
                            + " maintenance "
                            + host + " on"));
        }
        if (host.equals(self)) {
            return Optional.of(new Answer(409, "this host would power itself off; run it on another one"));
        }
        long running = compute.serversOn(host).stream()
                .filter(server -> server.vmState().equals("active"))
                .count();
        return running == 0
                ? Optional.empty()
                : Optional.of(new Answer(
                        409,
                        UpkeepOrders.vms(running) + (running == 1 ? " runs on " : " run on ") + host
                                + "; move what runs away first"));
    }

    /**
     * Whether a majority still has it so, right before the host is switched off: between the intent and the switching this process may have stood
     * still, while the test ran out, the maintenance ended and VMs came back.
     */
    private boolean stands(HostName host) {
        long askedAtMs = wallMs.getAsLong();
        return confirmed
                .get()
                .filter(now -> now.group()
                        .fenceTrial()
                        .filter(t -> t.host().equals(host) && t.by().equals(self) && t.isUnderWay(askedAtMs))
                        .isPresent())
                .filter(now -> Optional.ofNullable(now.hosts().get(host))
                        .filter(HostRecord::maintenance)
                        .isPresent())
                .filter(now -> now.openIncidents().isEmpty())
                .isPresent();
    }

    private Answer cycle(HostName host, String asked) {
        LOG.warn("fence test powers a host off host={}", host);
        var allowed = new AtomicBoolean();
        BmcStatement off = bound.apply(() -> {
                    boolean stands = stands(host);
                    allowed.set(stands);
                    return stands;
                })
                .powerOff(host);
        if (!allowed.get()) {
            // one that is off is so by somebody else's hand, and is not this test's to switch on
            return new Answer(
                    409,
                    asked + "; but nothing was switched: the test is over, " + host
                            + " is not in maintenance any more, an incident is open, or no majority answers; it is "
                            + off.power() + "; look at it and try again");
        }
        if (!off.provesOff()) {
            return new Answer(409, asked + "; but powering off failed: " + off.detail() + "; look at the host");
        }
        BmcStatement second = fencer.status(host);
        BmcStatement on = fencer.powerOn(host);
        String done = asked + "; powered off and proven off in " + off.tookMs() + " ms, "
                + (second.provesOff() ? "off when asked again, " : "but says " + second.power() + " when asked again, ")
                + (on.power() == PowerState.ON
                        ? "on again in " + on.tookMs() + " ms"
                        : "and NOT on again: " + on.detail());
        return new Answer(second.provesOff() && on.power() == PowerState.ON ? 200 : 409, done);
    }
}
