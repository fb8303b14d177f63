package io.vmha.recovery.fencing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stand-in for ipmitool that takes the password from its environment. fence_ipmilan passes the password on as an argument, which every
 * user of the machine can read in the list of processes; the environment only their owner can.
 */
final class QuietIpmitool implements AutoCloseable {
    /** Where the script finds the real one. */
    static final String REAL = "VMHA_IPMITOOL";

    /** What ipmitool reads with -E. */
    static final String PASSWORD = "IPMI_PASSWORD";

    private static final Logger LOG = LoggerFactory.getLogger(QuietIpmitool.class);
    private static final String SCRIPT = """
        #!/bin/sh
        # ipmitool without the -P that fence_ipmilan gives it, and its value: the password is in the environment
        for argument do
          shift
          if [ "$previous" = -P ]; then
            previous=
          else
            previous=$argument
            [ "$argument" = -P ] || set -- "$@" "$argument"
          fi
        done
        exec "${VMHA_IPMITOOL:-/usr/bin/ipmitool}" -E "$@"
        """;

    private final Path directory;
    private final Path script;

    private QuietIpmitool(Path directory, Path script) {
        this.directory = directory;
        this.script = script;
    }

    /** Writes the script into a directory that is closed to others; empty, with a warning, where no program can be run from there. */
    static Optional<QuietIpmitool> write() {
        try {
            var directory = Files.createTempDirectory(
                    "vmhad-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            var script = Files.writeString(directory.resolve("ipmitool"), SCRIPT);
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("r-x------"));
            return Optional.of(new QuietIpmitool(directory, script));
        } catch (IOException e) {
            LOG.warn("BMC passwords will show in the list of processes for a moment why=\"{}\"", e.toString());
            return Optional.empty();
        }
    }

    Path script() {
        return script;
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(script);
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            LOG.warn("temporary files stay behind directory={} why=\"{}\"", directory, e.toString());
        }
    }
}
