package io.vmha.recovery.hypervisor;

import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.fencing.ChildProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** libvirt, asked through {@code virsh}: a child process with a time limit, so that a libvirtd that hangs costs that limit only. */
public final class VirshHypervisor implements Hypervisor {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String SHUT_OFF = "shut off";
    private static final String CRASHED = "crashed";
    private static final String UNKNOWN_DOMAIN = "failed to get domain";
    private static final int INACTIVE_MAX = 300;
    private static final Pattern SPACES = Pattern.compile("\\s+");

    private final String uri;

    /** @param uri libvirt's connection, such as {@code qemu:///system} */
    public VirshHypervisor(String uri) {
        this.uri = uri;
    }

    @Override
    public List<Domain> domains() {
        Set<String> paused = new TreeSet<>();
        for (String line : lines("list", "--state-paused", "--uuid")) {
            paused.add(line.strip());
        }
        var domains = new ArrayList<Domain>();
        for (String line : lines("list", "--uuid", "--name")) {
            String[] words = SPACES.split(line.strip(), 2);
            if (words.length == 2) {
                domains.add(new Domain(new ServerId(words[0]), words[1], !paused.contains(words[0])));
            }
        }
        return List.copyOf(domains);
    }

    /**
     * By the reason that libvirt gives for a domain's state: a QEMU whose monitor was cut without a word counts as crashed, one that said
     * SHUTDOWN before does not, and neither does one that libvirt has destroyed or migrated away. Of a QEMU that ended while libvirtd itself
     * was away nothing is known, and so it does not count. A domain that libvirt does not know was
     * undefined, which Nova does when it deletes or moves a server.
     */
    @Override
    public Fate fate(ServerId id) {
        ChildProcess.Outcome outcome = virsh("domstate", "--reason", id.value());
        String said = outcome.output().strip();
        if (!outcome.hasExit(0)) {
            if (said.contains(UNKNOWN_DOMAIN)) {
                return new Fate(Fate.Kind.ENDED, "libvirt does not know it any more");
            }
            throw failure("domstate --reason " + id, outcome);
        }
        if (!said.startsWith(SHUT_OFF) && !said.startsWith(CRASHED)) {
            return new Fate(Fate.Kind.LIVES, said);
        }
        return new Fate(said.contains(CRASHED) ? Fate.Kind.CRASHED : Fate.Kind.ENDED, "libvirt says " + said);
    }

    @Override
    public List<ServerId> withoutProcess() {
        return lines("list", "--inactive", "--uuid").stream()
                .limit(INACTIVE_MAX)
                .map(line -> new ServerId(line.strip()))
                .toList();
    }

    @Override
    public void suspend(ServerId id) {
        ChildProcess.Outcome outcome = virsh("suspend", id.value());
        if (!outcome.hasExit(0) && domains().stream().anyMatch(d -> d.id().equals(id) && d.running())) {
            throw failure("suspend " + id, outcome);
        }
    }

    @Override
    public void destroy(ServerId id) {
        ChildProcess.Outcome outcome = virsh("destroy", id.value());
        if (!outcome.hasExit(0) && domains().stream().anyMatch(d -> d.id().equals(id))) {
            throw failure("destroy " + id, outcome);
        }
    }

    private List<String> lines(String... arguments) {
        ChildProcess.Outcome outcome = virsh(arguments);
        if (!outcome.hasExit(0)) {
            throw failure(String.join(" ", arguments), outcome);
        }
        return outcome.output().lines().filter(line -> !line.isBlank()).toList();
    }

    private ChildProcess.Outcome virsh(String... arguments) {
        var command = new ArrayList<>(List.of("virsh", "-q", "-c", uri));
        command.addAll(List.of(arguments));
        return ChildProcess.run(command, Map.of(), "", LIMIT);
    }

    private HypervisorException failure(String what, ChildProcess.Outcome outcome) {
        return new HypervisorException(
                "virsh -c " + uri + " " + what + " "
                        + (outcome.exit().isPresent()
                                ? "ended with status " + outcome.exit().getAsInt()
                                : outcome.trouble())
                        + ": " + outcome.output().strip()
                        + "; is libvirtd running, and is vmha in the group libvirt?",
                null);
    }
}
