package io.vmha.recovery.fencing;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.HostName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A fence agent as a shell script: reads its options into {@code $input} and {@code $action}, and does what the test says. */
final class FakeAgent {
    static final HostName HOST = new HostName("hv1");
    private final Path directory;

    FakeAgent(Path directory) {
        this.directory = directory;
    }

    FenceAgents doing(String script) {
        return new FenceAgents(config(script, Duration.ofSeconds(10), 8));
    }

    FenceAgents doing(String script, Duration limit, int parallel) {
        return new FenceAgents(config(script, limit, parallel));
    }

    private FencingConfig config(String script, Duration limit, int parallel) {
        var agent = executable(
                "fence_fake", """
                #!/bin/sh
                dir=DIR
                input=$(cat)
                action=$(printf '%s\\n' "$input" | sed -n 's/^action=//p')
                echo "$action" >>"$dir/actions"
                SCRIPT
                """.replace("DIR", directory.toString()).replace("SCRIPT", script));
        var access = new FenceDevice.Access(
                Optional.of("192.0.2.1"),
                Optional.of("admin"),
                Optional.of(new Secret("s3cret")),
                Map.of("snmp_priv_passwd", "pr1vate"));
        var device =
                new FenceDevice(HOST, agent, access, new Identity.Trusted(), new FenceDevice.TimeLimits(limit, limit));
        return new FencingConfig(new TreeMap<>(Map.of(HOST, device)), parallel);
    }

    Path executable(String name, String script) {
        try {
            var file = Files.writeString(directory.resolve(name), script);
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    /** The actions that were asked for, in their order. */
    List<String> actions() {
        try {
            return Files.exists(file("actions")) ? Files.readAllLines(file("actions")) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
