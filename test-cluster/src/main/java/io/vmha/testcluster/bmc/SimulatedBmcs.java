package io.vmha.testcluster.bmc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One simulated BMC for each host: real IPMI by {@code ipmi_sim} of Debian's package openipmi. It wants cipher suite 3; others are
 * refused, and without that option ipmitool negotiates for a quarter of a minute. Nothing outlives {@link #close}, nor this JVM.
 */
public final class SimulatedBmcs implements AutoCloseable {
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9._-]{1,16}");

    /** How a BMC misbehaves when it is told to switch; {@code power status} works unless it says otherwise. */
    public enum Fault {
        NONE,
        /** It takes the command and answers nothing any more, to anyone, until the fault is taken away; repeated commands that wait are obeyed then. */
        HANG,
        /** It refuses. */
        DENY,
        /** It does as told, but after the given time; it answers nobody meanwhile. */
        SLOW,
        /** It says that it did, and says so when asked for the state, but does nothing. */
        LIE,
        /** It says that it did, and says so when asked for the state the first time, but does nothing; after that it tells the truth. */
        LIE_ONCE
    }

    /**
     * Who may switch.
     *
     * @param user 1 to 16 letters, digits, '.', '_' and '-'
     * @param password alike
     */
    public record Credentials(String user, CharSequence password) {
        public Credentials {
            if (!WORD.matcher(user).matches() || !WORD.matcher(password).matches()) {
                throw new IllegalArgumentException(
                        "user and password of a simulated BMC have 1 to 16 letters, digits, '.', '_' or '-'");
            }
        }

        @Override
        public String toString() {
            return "Credentials[" + user + "]";
        }
    }

    private final Map<String, BmcProcess> processes = new LinkedHashMap<>();

    private SimulatedBmcs() {}

    /**
     * Starts them and returns when all answer.
     *
     * @param directory theirs alone; created if it is missing
     * @param hook the program that has the power: {@code on|off|reset HOST}, which returns when it is done, and {@code state HOST}, which
     *     prints 1 or 0
     * @throws IllegalStateException if one does not answer, with the last words of its log
     */
    public static SimulatedBmcs start(Path directory, Credentials credentials, Collection<BmcSpec> specs, Path hook) {
        SimulatedBmcs bmcs = new SimulatedBmcs();
        try {
            for (BmcSpec spec : specs) {
                Path own = directory.resolve(spec.host());
                bmcs.processes.put(spec.host(), BmcProcess.start(own, credentials, spec, hook));
            }
            bmcs.processes.values().forEach(BmcProcess::awaitAnswer);
            return bmcs;
        } catch (IOException e) {
            bmcs.close();
            throw new UncheckedIOException("the BMCs cannot be started in " + directory + ": " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            bmcs.close();
            throw e;
        }
    }

    /** Every BMC with its address and identity, in the order given. */
    public List<BmcSpec> all() {
        return processes.values().stream().map(BmcProcess::spec).toList();
    }

    public BmcSpec of(String host) {
        return process(host).spec();
    }

    /** Changes how the host's BMC behaves from its next command on; SLOW without a time is not slow. */
    public void fault(String host, Fault fault) {
        process(host).fault(fault, Duration.ZERO);
    }

    /** Lets the host's BMC take its time over every power command. */
    public void slow(String host, Duration time) {
        process(host).fault(Fault.SLOW, time);
    }

    /** Takes the BMC off the network; what it is doing goes on. */
    public void unplug(String host) {
        process(host).order("unplug");
    }

    /** Puts it back, and returns when it answers. */
    public void plug(String host) {
        process(host).order("plug");
        process(host).awaitAnswer();
    }

    /** The power commands that reached the BMC, oldest first: what, value and the fault at that time, such as {@code power 0 none}. */
    public List<String> commands(String host) {
        Path file = process(host).directory().resolve("commands");
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("the record of commands " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private BmcProcess process(String host) {
        BmcProcess process = processes.get(host);
        if (process == null) {
            throw new IllegalArgumentException("no BMC of host " + host + "; there are " + processes.keySet());
        }
        return process;
    }

    /** Ends all of them with everything they started, and waits for it. */
    @Override
    public void close() {
        processes.values().forEach(BmcProcess::end);
    }
}
