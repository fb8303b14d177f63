package io.vmha.recovery.fencing;

import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fences through fence agents. Before anything is switched the BMC's identity is checked: that of another machine is left alone. After
 * {@code off}, whatever the agent says of it, the BMC is asked again, a few times if the agent reported failure: a slow BMC reports failure
 * and powers off all the same.
 *
 * <p>Safe for use by many threads. No secret is among the arguments of a process that is started here, nor of what fence_ipmilan starts
 * ({@link QuietIpmitool}).
 */
public final class FenceAgents implements Fencer, AutoCloseable {
    private static final int STATUS_OFF =
            2; // fencing.py, fence_action: status of a plug that is off, with "Status: OFF"

    private static final Pattern SAYS_OFF = Pattern.compile("\\bOFF\\b", Pattern.CASE_INSENSITIVE);
    private static final int QUESTIONS_AFTER_FAILURE = 4;
    private static final long PAUSE_MS = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(FenceAgents.class);

    private final FencingConfig config;
    private final Semaphore permits;
    private final Optional<QuietIpmitool> quiet;
    private final CountDownLatch closed = new CountDownLatch(1);

    public FenceAgents(FencingConfig config) {
        this.config = config;
        permits = new Semaphore(config.parallelMax(), true);
        boolean usesIpmi = config.devices().values().stream()
                .anyMatch(
                        device -> device.isIpmi() && device.access().password().isPresent());
        quiet = usesIpmi ? QuietIpmitool.write() : Optional.empty();
    }

    @Override
    public boolean isConfigured(HostName host) {
        return config.devices().containsKey(host);
    }

    @Override
    public BmcStatement status(HostName host) {
        long startNanos = System.nanoTime();
        var device = config.devices().get(host);
        if (device == null) {
            return notConfigured(host);
        }
        var identity = identify(device);
        if (identity.isPresent()) {
            return unknown(host, identity.get(), startNanos);
        }
        var reading = ask(device);
        return new BmcStatement(host, reading.power(), true, reading.detail(), sinceMs(startNanos));
    }

    /** The same devices, which are switched only while this holds: asked right before each agent is started that switches anything. */
    public Fencer onlyWhile(BooleanSupplier stands) {
        return new Fencer() {
            @Override
            public boolean isConfigured(HostName host) {
                return FenceAgents.this.isConfigured(host);
            }

            @Override
            public BmcStatement status(HostName host) {
                return FenceAgents.this.status(host);
            }

            @Override
            public BmcStatement powerOff(HostName host) {
                return FenceAgents.this.powerOff(host, stands);
            }

            @Override
            public BmcStatement powerOn(HostName host) {
                return FenceAgents.this.powerOn(host, stands);
            }
        };
    }

    @Override
    public BmcStatement powerOff(HostName host) {
        return powerOff(host, () -> true);
    }

    private BmcStatement powerOff(HostName host, BooleanSupplier stands) {
        long startNanos = System.nanoTime();
        var device = config.devices().get(host);
        if (device == null) {
            return notConfigured(host);
        }
        var identity = identify(device);
        if (identity.isPresent()) {
            var refused = unknown(host, "not switched off: " + identity.get(), startNanos);
            LOG.warn("fence refused host={} took_ms={} detail={}", host, refused.tookMs(), refused.detail());
            return refused;
        }
        var off = run(device, "off", device.limits().off(), stands);
        var statement = off.hasExit(0)
                ? statement(host, ask(device), "", startNanos)
                : afterFailure(device, "off failed: " + words(device, off), startNanos);
        LOG.info(
                "fence host={} power={} took_ms={} detail={}",
                host,
                statement.power(),
                statement.tookMs(),
                statement.detail());
        return statement;
    }

    @Override
    public BmcStatement powerOn(HostName host) {
        return powerOn(host, () -> true);
    }

    private BmcStatement powerOn(HostName host, BooleanSupplier stands) {
        long startNanos = System.nanoTime();
        var device = config.devices().get(host);
        if (device == null) {
            return notConfigured(host);
        }
        var identity = identify(device);
        if (identity.isPresent()) {
            return unknown(host, "not switched on: " + identity.get(), startNanos);
        }
        var on = run(device, "on", device.limits().off(), stands);
        var statement =
                statement(host, ask(device), on.hasExit(0) ? "" : "on failed: " + words(device, on), startNanos);
        LOG.info("power on host={} power={} took_ms={}", host, statement.power(), statement.tookMs());
        return statement;
    }

    private BmcStatement afterFailure(FenceDevice device, String failure, long startNanos) {
        var reading = ask(device);
        for (int question = 2; question <= QUESTIONS_AFTER_FAILURE && reading.power() != PowerState.OFF; question++) {
            if (!pause()) {
                break;
            }
            reading = ask(device);
        }
        return statement(device.host(), reading, failure, startNanos);
    }

    private BmcStatement statement(HostName host, Reading reading, String failure, long startNanos) {
        var detail = failure.isEmpty()
                ? reading.detail()
                : failure + "; asked again: "
                        + (reading.power() == PowerState.UNKNOWN ? reading.detail() : reading.power());
        return new BmcStatement(host, reading.power(), true, detail, sinceMs(startNanos));
    }

    /** What one question about the power was answered with. */
    private record Reading(PowerState power, String detail) {}

    private Reading ask(FenceDevice device) {
        var outcome = run(device, "status", device.limits().status(), () -> true);
        if (outcome.hasExit(0)) {
            return new Reading(PowerState.ON, "on");
        }
        // 2 alone is how Python, the shells and getopt end as well when the agent cannot even start
        if (outcome.hasExit(STATUS_OFF) && SAYS_OFF.matcher(outcome.output()).find()) {
            return new Reading(PowerState.OFF, "off");
        }
        return new Reading(PowerState.UNKNOWN, "status failed: " + words(device, outcome));
    }

    private ChildProcess.Outcome run(FenceDevice device, String action, Duration limit, BooleanSupplier stands) {
        var environment = new HashMap<String, String>();
        var hidden = quiet.filter(tool -> device.isIpmi())
                .flatMap(tool -> device.access().password().map(password -> {
                    environment.put(QuietIpmitool.PASSWORD, password.reveal());
                    device.access()
                            .option("ipmitool_path")
                            .ifPresent(real -> environment.put(QuietIpmitool.REAL, real));
                    return tool.script();
                }));
        return withPermit(
                limit,
                () -> stands.getAsBoolean()
                        ? ChildProcess.run(
                                List.of(device.agent().toString()), environment, device.input(action, hidden), limit)
                        : ChildProcess.Outcome.failed(
                                "not started: what it was decided on (a leadership, a test) has ended, or no majority"
                                        + " confirms it now",
                                ""));
    }

    /** Why the BMC is not known to be the host's; empty if it is. */
    private Optional<String> identify(FenceDevice device) {
        if (!(device.identity() instanceof Identity.Guid wanted)) {
            return Optional.empty();
        }
        var limit = device.limits().status();
        if (device.isRedfish()) {
            var reading = RedfishIdentity.read(device, limit);
            return reading.uuid().isEmpty()
                    ? Optional.of("the BMC does not tell its identity: " + reading.trouble())
                    : whyAnother(device, reading.uuid().get(), wanted);
        }
        var environment = Map.of(
                "IPMI_PASSWORD",
                device.access().password().map(secret -> secret.reveal()).orElse(""));
        var outcome = withPermit(limit, () -> ChildProcess.run(guidCommand(device), environment, "", limit));
        if (!outcome.hasExit(0)) {
            return Optional.of("the BMC does not tell its identity: " + words(device, outcome));
        }
        var found = Identity.guidIn(outcome.output());
        if (found.isEmpty()) {
            return Optional.of("the BMC's identity makes no sense: " + words(device, outcome));
        }
        return whyAnother(device, found.get(), wanted);
    }

    private static Optional<String> whyAnother(FenceDevice device, String found, Identity.Guid wanted) {
        return found.equals(wanted.hex())
                ? Optional.empty()
                : Optional.of("the BMC at " + device.access().address().orElse("?")
                        + " is that of another machine: its identity is " + found + " but " + wanted.hex()
                        + " is configured");
    }

    /** Get System GUID (IPMI 2.0, 22.14), with the agent's own options for the connection. */
    private static List<String> guidCommand(FenceDevice device) {
        var access = device.access();
        var command = new ArrayList<String>();
        command.add(access.option("ipmitool_path").orElse("/usr/bin/ipmitool"));
        command.addAll(List.of("-I", access.option("lanplus").orElse("1").equals("0") ? "lan" : "lanplus"));
        command.addAll(List.of("-H", access.address().orElse("")));
        access.option("ipport").ifPresent(port -> command.addAll(List.of("-p", port)));
        access.option("cipher").ifPresent(cipher -> command.addAll(List.of("-C", cipher)));
        access.option("privlvl").ifPresent(level -> command.addAll(List.of("-L", level)));
        access.option("ipmitool_timeout").ifPresent(seconds -> command.addAll(List.of("-N", seconds)));
        access.username().ifPresent(username -> command.addAll(List.of("-U", username)));
        command.addAll(List.of("-E", "raw", "0x06", "0x37")); // -E: the password is in the environment
        return command;
    }

    /** A task for which a permit is needed. */
    private interface Task {
        ChildProcess.Outcome run();
    }

    private ChildProcess.Outcome withPermit(Duration limit, Task task) {
        try {
            if (!permits.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                return ChildProcess.Outcome.failed(
                        "not started: " + config.parallelMax() + " fence agents were running all the time", "");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ChildProcess.Outcome.failed("not started: vmhad is stopping", "");
        }
        try {
            return task.run();
        } finally {
            permits.release();
        }
    }

    private boolean pause() {
        try {
            return !closed.await(PAUSE_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String words(FenceDevice device, ChildProcess.Outcome outcome) {
        var end = outcome.exit().isPresent() ? "exit status " + outcome.exit().getAsInt() : outcome.trouble();
        return end + ": " + LastWords.of(outcome.output(), device.access());
    }

    private static BmcStatement notConfigured(HostName host) {
        return new BmcStatement(host, PowerState.UNKNOWN, false, "no fence device is configured for " + host, 0);
    }

    private static BmcStatement unknown(HostName host, String detail, long startNanos) {
        return new BmcStatement(host, PowerState.UNKNOWN, false, detail, sinceMs(startNanos));
    }

    private static long sinceMs(long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }

    /** Ends the pauses between questions; agents under way run to their end or limit. */
    @Override
    public void close() {
        closed.countDown();
        quiet.ifPresent(QuietIpmitool::close);
    }
}
