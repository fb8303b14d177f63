package io.vmha.testcluster.faults.history;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Which Nova is under a run, and how much time that Nova needs: limits that are the product's own are the same for all. */
public enum NovaKind {
    /** In the injector's own process. */
    SIMULATED("simulated", "simulated", 240_000, 150_000, 45_000, 10_000, 1_000),
    /** As Debian ships it; its processes and those of the hosts share the machine. */
    OPENSTACK(
            "openstack",
            "real, Debian's OpenStack (Keystone, Placement, Glance, Neutron, Nova); guests are processes",
            360_000,
            360_000,
            90_000,
            40_000,
            20_000);

    private final String word;
    private final String about;
    private final long formingMs;
    private final long healingMs;
    private final long recoveredMs;
    private final long serviceMs;
    private final long rebuildSeenMs;

    NovaKind(
            String word,
            String about,
            long formingMs,
            long healingMs,
            long recoveredMs,
            long serviceMs,
            long rebuildSeenMs) {
        this.word = word;
        this.about = about;
        this.formingMs = formingMs;
        this.healingMs = healingMs;
        this.recoveredMs = recoveredMs;
        this.serviceMs = serviceMs;
        this.rebuildSeenMs = rebuildSeenMs;
    }

    /**
     * The kind that somebody asks for.
     *
     * @throws IllegalArgumentException if there is none of this word
     */
    public static NovaKind named(String word) {
        return Arrays.stream(values())
                .filter(kind -> kind.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--nova must be "
                        + Arrays.stream(values()).map(NovaKind::word).collect(Collectors.joining(" or ")) + " but is "
                        + word));
    }

    /** The kind of a recorded run. Histories of the time when there was one kind only do not say it. */
    public static NovaKind of(History history) {
        return history.of(Kinds.RUN).stream()
                .map(run -> run.text("nova"))
                .filter(word -> !word.isEmpty())
                .findFirst()
                .map(NovaKind::named)
                .orElse(SIMULATED);
    }

    /** As the command line has it. */
    public String word() {
        return word;
    }

    /** For a reader. */
    public String about() {
        return about;
    }

    /** Until the first pool and the first group are whole. */
    public long formingMs() {
        return formingMs;
    }

    /** Until everything is well again after faults. */
    public long healingMs() {
        return healingMs;
    }

    /** Until the last VM of a host that has died is asked to be evacuated. */
    public long recoveredMs() {
        return recoveredMs;
    }

    /** Until a compute service that was started, or a VM that was booted, works. */
    public long serviceMs() {
        return serviceMs;
    }

    /** Until it can be seen where an accepted evacuation goes. */
    public long rebuildSeenMs() {
        return rebuildSeenMs;
    }
}
