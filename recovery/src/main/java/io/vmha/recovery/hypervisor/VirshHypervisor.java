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
