package io.vmha.node.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads the section {@code gate}. */
final class GateSection {
    private static final String BY_ITSELF = "auto";
    private static final String BY_HAND = "by-hand";
    private static final String LIBVIRT = "libvirt";
    private static final String PIDS = "pids:";
    private static final int WORDS_MAX = 32;

    private GateSection() {}

    static VmhadConfig.Gate read(Settings top, Path leaseFile) {
        Settings section = top.section("gate");
        Path file = section.file("file").orElse(leaseFile.resolveSibling("gate"));
        if (!file.isAbsolute()) {
            section.problem("file", "must be an absolute path but is '" + file + "'");
        }
        String returning = section.text("return").orElse(BY_ITSELF);
        if (!List.of(BY_ITSELF, BY_HAND).contains(returning)) {
            section.problem("return", "must be " + BY_ITSELF + " or " + BY_HAND + " but is '" + returning + "'");
        }
        String guests = section.text("guests").orElse(LIBVIRT);
        Optional<Path> pidFiles =
                guests.startsWith(PIDS) ? Optional.of(Path.of(guests.substring(PIDS.length()))) : Optional.empty();
        if (!guests.equals(LIBVIRT) && !pidFiles.map(Path::isAbsolute).orElse(false)) {
            section.problem("guests", "must be " + LIBVIRT + " or " + PIDS + "/DIRECTORY but is '" + guests + "'");
        }
        var gate = new VmhadConfig.Gate(
                file,
                returning.equals(BY_ITSELF),
                pidFiles,
                section.text("libvirt_uri").orElse("qemu:///system"),
                section.texts("restart_compute", WORDS_MAX));
        section.refuseUnknownKeys();
        return gate;
    }
}
