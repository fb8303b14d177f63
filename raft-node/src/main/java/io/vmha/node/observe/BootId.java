package io.vmha.node.observe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which start of this host's kernel this is: the same as long as the host has not been off, whatever happens to the daemon. */
final class BootId {
    private static final Logger LOG = LoggerFactory.getLogger(BootId.class);
    private static final int LENGTH_MAX = 64;

    private BootId() {}

    /** Empty if it cannot be told; such a host is never put back into service without a person. */
    static String read() {
        Path file = Path.of(System.getProperty("vmha.boot_id_file", "/proc/sys/kernel/random/boot_id"));
        try {
            String id = Files.readString(file).strip();
            return id.substring(0, Math.min(id.length(), LENGTH_MAX));
        } catch (IOException e) {
            LOG.warn(
                    "the kernel's boot id cannot be read, this host returns to service by a person's word only file={} why=\"{}\"",
                    file,
                    e.toString());
            return "";
        }
    }
}
