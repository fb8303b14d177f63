package io.vmha.recovery.fencing;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.config.Section;
import io.vmha.recovery.core.HostName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A fence device as far as one section of the configuration describes it. */
record DeviceDraft(
        Optional<String> agent,
        FenceDevice.Access access,
        Optional<Identity> identity,
        Optional<Duration> statusLimit,
        Optional<Duration> offLimit) {
    static final DeviceDraft EMPTY = new DeviceDraft(
            Optional.empty(),
            new FenceDevice.Access(Optional.empty(), Optional.empty(), Optional.empty(), Map.of()),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    private static final Path AGENTS = Path.of("/usr/sbin");
    private static final Pattern AGENT_NAME = Pattern.compile("fence_[a-z0-9_]{1,40}");
    private static final Pattern OPTION_NAME = Pattern.compile("[a-z0-9_-]{1,64}");
    private static final Duration LIMIT_MIN = Duration.ofSeconds(1);
    private static final Duration LIMIT_MAX = Duration.ofMinutes(5);
    /** Have keys of their own, or are ours to say. */
    private static final Set<String> RESERVED = Set.of(
            "action",
            "option",
            "ip",
            "ipaddr",
            "username",
            "login",
            "password",
            "passwd",
            "verbose",
            "debug",
            "debug_file");

    static DeviceDraft readDefaults(Section section) {
        if (section.has("address")) {
            section.problem("address", "belongs to one host; move it to hosts");
        }
        var draft = read(section);
        if (draft.identity().isPresent() && draft.identity().get() instanceof Identity.Guid) {
            section.problem("identity", "belongs to one host; move it to hosts");
        }
        return draft;
    }

    static DeviceDraft read(Section section) {
        var agent = section.text("agent");
        var address = oneLine(section, "address");
        var username = oneLine(section, "username");
        var password = Secret.read(section, "password").filter(secret -> {
            boolean fits = secret.reveal().chars().noneMatch(c -> c < ' ');
            if (!fits) {
                section.problem("password", "must not contain control characters");
            }
            return fits;
        });
        var identity = section.text("identity").flatMap(text -> {
            var parsed = Identity.parse(text);
            if (parsed.isEmpty()) {
                section.problem(
                        "identity",
                        "must be a UUID, 32 hexadecimal digits (not all the same) or 'trusted' but is '" + text + "'");
            }
            return parsed;
        });
        var statusLimit = limit(section, "status_timeout");
        var offLimit = limit(section, "off_timeout");
        var options = section.section("options").map(DeviceDraft::options).orElse(Map.of());
        section.refuseUnknownKeys();
        return new DeviceDraft(
                agent, new FenceDevice.Access(address, username, password, options), identity, statusLimit, offLimit);
    }

    private static Optional<String> oneLine(Section section, String key) {
        return section.text(key).filter(text -> {
            boolean fits = text.chars().noneMatch(c -> c < ' ');
            if (!fits) {
                section.problem(key, "must not contain control characters");
            }
            return fits;
        });
    }

    private static Optional<Duration> limit(Section section, String key) {
        return section.has(key)
                ? Optional.of(section.duration(key, FenceDevice.TimeLimits.STANDARD.off(), LIMIT_MIN, LIMIT_MAX))
                : Optional.empty();
    }

    private static Map<String, String> options(Section section) {
        var options = new TreeMap<String, String>();
        section.texts().forEach((key, value) -> {
            if (RESERVED.contains(key)) {
                section.problem(key, "must not be among the options; it has a key of its own or is set by vmhad");
            } else if (!OPTION_NAME.matcher(key).matches()) {
                section.problem(key, "is no name of an option: small letters, digits, '_' and '-' are");
            } else if (value.chars().anyMatch(c -> c < ' ')) {
                section.problem(key, "must not contain control characters");
            } else {
                options.put(
                        key,
                        switch (value) {
                            case "true" -> "1"; // how fence agents write it
                            case "false" -> "0";
                            default -> value;
                        });
            }
        });
        return options;
    }

    DeviceDraft or(DeviceDraft defaults) {
        var options = new TreeMap<>(defaults.access.options());
        options.putAll(access.options());
        return new DeviceDraft(
                agent.or(defaults::agent),
                new FenceDevice.Access(
                        access.address(),
                        access.username().or(defaults.access::username),
                        access.password().or(defaults.access::password),
                        options),
                identity.or(defaults::identity),
                statusLimit.or(defaults::statusLimit),
                offLimit.or(defaults::offLimit));
    }

    /** The device, if nothing is missing; what is missing is added to the section's problems. */
    Optional<FenceDevice> complete(Section section, HostName host) {
        int before = section.problems().size();
        var program = agent.flatMap(name -> program(section, name));
        if (agent.isEmpty()) {
            section.problem("agent", "is missing, here and in defaults; for IPMI it is fence_ipmilan");
        }
        if (identity.isEmpty() && !section.has("identity")) {
            section.problem(
                    "identity",
                    "is missing; without it the answer 'off' proves nothing. Set it to the sixteen bytes that"
                            + " 'ipmitool ... raw 0x06 0x37' prints, or to 'trusted' to rely on the address alone");
        }
        var standard = FenceDevice.TimeLimits.STANDARD;
        var device = program.flatMap(path -> identity.map(known -> new FenceDevice(
                host,
                path,
                access,
                known,
                new FenceDevice.TimeLimits(statusLimit.orElse(standard.status()), offLimit.orElse(standard.off())))));
        device.ifPresent(complete -> judge(section, complete));
        return section.problems().size() > before ? Optional.empty() : device;
    }

    private static void judge(Section section, FenceDevice device) {
        boolean isIpmi = device.isIpmi();
        if ((isIpmi || device.isRedfish()) && device.access().address().isEmpty()) {
            section.problem("address", "is missing; " + device.agent().getFileName() + " needs the BMC's address");
        }
        if ((isIpmi || device.isRedfish()) && device.access().password().isEmpty()) {
            section.problem("password", "is missing, here and in defaults; set it, or password_file");
        }
        boolean tells = isIpmi || device.isRedfish();
        if (!tells && device.identity() instanceof Identity.Guid) {
            section.problem(
                    "identity",
                    "must be 'trusted' for agent " + device.agent().getFileName()
                            + ": a GUID can be read from IPMI and Redfish BMCs only");
        }
    }

    private static Optional<Path> program(Section section, String name) {
        boolean isName = AGENT_NAME.matcher(name).matches();
        if (!isName && !name.startsWith("/")) {
            section.problem(
                    "agent",
                    "must be the name of a fence agent such as fence_ipmilan, or a path, but is '" + name + "'");
            return Optional.empty();
        }
        var program = isName ? AGENTS.resolve(name) : Path.of(name);
        if (!Files.isExecutable(program)) {
            section.problem(
                    "agent", "names " + program + ", which is not installed; on Debian: apt install fence-agents");
            return Optional.empty();
        }
        return Optional.of(program);
    }
}
