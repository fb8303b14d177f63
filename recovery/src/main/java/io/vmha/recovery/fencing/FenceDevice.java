package io.vmha.recovery.fencing;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.HostName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * How to reach one host's BMC.
 *
 * @param agent the fence agent's program
 * @param access what it is told by its own names of options; may hold secrets, and never appears in a log line
 * @param identity how the BMC is known to be this host's
 */
record FenceDevice(HostName host, Path agent, Access access, Identity identity, TimeLimits limits) {
    /** fence_ipmilan and the names under which it is installed as well. */
    private static final Set<String> IPMI_AGENTS = Set.of(
            "fence_ipmilan", "fence_ipmilanplus", "fence_idrac", "fence_ilo3", "fence_ilo4", "fence_ilo5", "fence_imm");

    /** Address, account and further options, by the names that fence agents give them. */
    record Access(
            Optional<String> address,
            Optional<String> username,
            Optional<Secret> password,
            Map<String, String> options) {
        Access {
            options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
        }

        Optional<String> option(String name) {
            return Optional.ofNullable(options.get(name));
        }

        /** Two devices with the same place switch the same machine. */
        String place() {
            return address.orElse("") + " " + option("ipport").orElse("") + " "
                    + option("plug").orElse("") + option("port").orElse("")
                    + option("systems_uri").orElse("") + option("target").orElse("");
        }

        @Override
        public String toString() {
            return "(hidden)";
        }
    }

    /**
     * How long the agent may take.
     *
     * @param status for one question; it fails at its end and nothing was changed
     * @param off for one power-off, which the agent itself confirms; asking goes on afterwards
     */
    record TimeLimits(Duration status, Duration off) {
        /** fence_ipmilan gives up on a silent BMC after 20 s and on one that refuses after 26 s (measured). */
        static final TimeLimits STANDARD = new TimeLimits(Duration.ofSeconds(10), Duration.ofSeconds(40));
    }

    boolean isRedfish() {
        return String.valueOf(agent.getFileName()).equals("fence_redfish");
    }

    boolean isIpmi() {
        var name = String.valueOf(agent.getFileName());
        return IPMI_AGENTS.contains(name);
    }

    /**
     * What the agent reads from its standard input, so that no secret shows among the processes' arguments.
     *
     * @param quietIpmitool stands in for ipmitool and knows the password already; empty to tell the agent the password
     */
    String input(String action, Optional<Path> quietIpmitool) {
        var lines = new TreeMap<String, String>();
        if (isIpmi()) {
            lines.put("lanplus", "1"); // IPMI 2.0; the agent's own default is the unencrypted 1.5
            lines.put("power_wait", "0"); // the agent asks until it is off anyway; its own default costs 2 s
        }
        lines.putAll(access.options());
        access.address().ifPresent(address -> lines.put("ip", address));
        access.username().ifPresent(username -> lines.put("username", username));
        quietIpmitool.ifPresentOrElse(
                tool -> lines.put("ipmitool_path", tool.toString()),
                () -> access.password().ifPresent(password -> lines.put("password", password.reveal())));
        lines.put("action", action);
        var text = new StringBuilder();
        lines.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
        return text.toString();
    }
}
