package io.vmha.recovery.core;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Which of a dead host's VMs are recovered, by their owners' tags and the AZ's policy. Pure. */
final class Selection {
    /** Masakari's tag, on the server. */
    private static final String HA_ENABLED = "HA_Enabled";
    /** Red Hat's tag, on the server, its image or its flavor. */
    private static final String EVACUABLE = "evacuable";
    /** The owner's word that the disk may be made anew from the image. */
    private static final String DISK = "vmha:disk";

    private static final Set<String> YES = Set.of("true", "yes", "1", "on");
    private static final Set<String> NO = Set.of("false", "no", "0", "off");

    private final EvacuationPolicy policy;

    Selection(EvacuationPolicy policy) {
        this.policy = policy;
    }

    /** Why this server is left on purpose; empty if it is chosen. */
    Optional<String> whyLeft(Server server) {
        Optional<Tag> tag = tag(server);
        if (tag.isPresent() && !tag.get().wanted()) {
            return Optional.of(tag.get().place() + " says " + tag.get().words());
        }
        Traits traits = server.traits();
        if (!policy.projects().isEmpty() && !policy.projects().contains(traits.project())) {
            return Optional.of("its project " + traits.project() + " is not among those that recovery is for");
        }
        if (policy.leaveProjects().contains(traits.project())) {
            return Optional.of("the VMs of its project " + traits.project() + " are looked after by somebody else");
        }
        for (String glob : policy.leaveNames()) {
            if (matches(glob, server.name())) {
                return Optional.of("its name matches " + glob + ": such VMs are looked after by somebody else");
            }
        }
        for (String imageTag : policy.leaveImageTags()) {
            if (traits.imageTags().contains(imageTag)) {
                return Optional.of(
                        "its image has the tag " + imageTag + ": such VMs are looked after by somebody else");
            }
        }
        return policy.taggedOnly() && tag.isEmpty()
                ? Optional.of("only tagged VMs are recovered, and it has neither " + HA_ENABLED + " nor " + EVACUABLE)
                : Optional.empty();
    }

    /** Where the server's disk lies, as far as its safety goes. */
    static Disk disk(Server server) {
        if (server.volumeBacked()) {
            return Disk.VOLUME;
        }
        return "rebuild".equalsIgnoreCase(server.metadata().get(DISK)) ? Disk.EXPENDABLE : Disk.INSTANCES;
    }

    private record Tag(String place, String words, boolean wanted) {}

    /** The tag nearest to the server counts: its own before its image's before its flavor's. */
    private static Optional<Tag> tag(Server server) {
        return tag("its metadata", HA_ENABLED, server.metadata().get(HA_ENABLED))
                .or(() -> tag("its metadata", EVACUABLE, server.metadata().get(EVACUABLE)))
                .or(() -> tag(
                        "its image",
                        EVACUABLE,
                        server.traits().imageProperties().get(EVACUABLE)))
                .or(() -> tag(
                        "its flavor", EVACUABLE, server.traits().flavorSpecs().get(EVACUABLE)));
    }

    private static Optional<Tag> tag(String place, String name, String value) {
        String word = value == null ? "" : value.strip().toLowerCase(Locale.ROOT);
        return YES.contains(word) || NO.contains(word)
                ? Optional.of(new Tag(place, name + "=" + value.strip(), YES.contains(word)))
                : Optional.empty();
    }

    /** Shell globs with * and ?, over the whole name; linear but for the last star, to which it goes back. */
    static boolean matches(String glob, String name) {
        int g = 0;
        int n = 0;
        int star = -1;
        int resume = 0;
        while (n < name.length()) {
            if (g < glob.length() && glob.charAt(g) == '*') {
                star = g++;
                resume = n;
            } else if (g < glob.length() && (glob.charAt(g) == '?' || glob.charAt(g) == name.charAt(n))) {
                g++;
                n++;
            } else if (star >= 0) {
                g = star + 1;
                n = ++resume;
            } else {
                return false;
            }
        }
        while (g < glob.length() && glob.charAt(g) == '*') {
            g++;
        }
        return g == glob.length();
    }
}
