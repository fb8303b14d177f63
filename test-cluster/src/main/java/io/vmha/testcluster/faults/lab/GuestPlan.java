package io.vmha.testcluster.faults.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What the guests of a test bed are, and what their deaths are proven by.
 *
 * @param kind what runs
 * @param proofs {@code bmc}, {@code lease} or both: what recoveries rely on. With leases each host has a vmha-guard; without {@code bmc} no
 *     host has a fence device
 */
public record GuestPlan(Kind kind, List<String> proofs) {
    /** Processes that beat, and nothing else. */
    public static final GuestPlan PROCESSES = new GuestPlan(Kind.PROCESSES, List.of("bmc"));

    private static final List<String> PROGRAMS = List.of(
            "/usr/sbin/libvirtd", "/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/bin/as", "/usr/bin/ld");

    /** What a guest is. */
    public enum Kind {
        /** A process that writes its heartbeats. */
        PROCESSES,
        /** A boot sector in a QEMU of the host's own libvirtd. */
        QEMU
    }

    public GuestPlan {
        proofs = List.copyOf(proofs);
    }

    /**
     * As the options and the lines of scenarios have it.
     *
     * @param proofs a comma list; empty for what is usual with these guests
     */
    public static GuestPlan of(String guests, String proofs) {
        Kind kind = Arrays.stream(Kind.values())
                .filter(k -> k.name().toLowerCase(Locale.ROOT).equals(guests))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("guests must be processes or qemu but are '" + guests + "'"));
        return switch (proofs) {
            case "" -> new GuestPlan(kind, kind == Kind.QEMU ? List.of("bmc", "lease") : List.of("bmc"));
            case "bmc", "lease" -> new GuestPlan(kind, List.of(proofs));
            case "bmc,lease", "lease,bmc" -> new GuestPlan(kind, List.of("bmc", "lease"));
            default ->
                throw new IllegalArgumentException("a proof must be bmc, lease or bmc,lease but is '" + proofs + "'");
        };
    }

    public boolean isQemu() {
        return kind == Kind.QEMU;
    }

    /** True if a guard on each host keeps the promise that a host without a lease writes nothing. */
    public boolean isGuarded() {
        return proofs.contains("lease");
    }

    boolean isFenced() {
        return proofs.contains("bmc");
    }

    /** How many VMs a host has where nobody says so: QEMU without KVM wants some of a processor. */
    public int vmsUsual() {
        return isQemu() ? 1 : 2;
    }

    /** The options that say the same; empty for what is usual. */
    public String options() {
        String words = isQemu() ? " --guests qemu" : "";
        return equals(of(kind.name().toLowerCase(Locale.ROOT), ""))
                ? words
                : words + " --proof " + String.join(",", proofs);
    }

    void refuseUnlessPossible() {
        List<String> missing = PROGRAMS.stream()
                .filter(program -> !Files.isExecutable(Path.of(program)))
                .toList();
        if (isQemu() && !missing.isEmpty()) {
            throw new LabException(
                    "--guests qemu needs libvirt-daemon-system, libvirt-clients, qemu-system-x86 and binutils"
                            + " of Debian, but " + missing
                            + " cannot be run: install them, or take --guests processes");
        }
    }
}
