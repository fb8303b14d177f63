package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** VMs whose guests died on hosts that live. */
@Command(name = "vm", description = "VMs whose guests died on hosts that live, and what became of them.")
final class VmVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return list();
    }

    @Command(description = "All that are remembered, the newest first.")
    int list() {
        return vmha.connection().show("/v1/vms", vms -> {
            Screen screen = vmha.connection().screen();
            if (vms.items().isEmpty()) {
                screen.line("no VM has died on a host that lives");
                return ExitCode.OK.number();
            }
            screen.table(
                    List.of("VM", "HOST", "PHASE", "FALLEN", "RESTARTS", "ID", "DETAIL"),
                    vms.items().stream()
                            .map(vm -> List.of(
                                    vm.text("name"),
                                    vm.text("host"),
                                    vm.text("phase"),
                                    vm.text("fallen_at"),
                                    vm.text("restarts"),
                                    vm.text("id"),
                                    vm.text("detail")))
                            .toList());
            return ExitCode.OK.number();
        });
    }

    @Command(description = "Has a quarantined VM restarted again when it dies the next time.")
    int release(
            @Parameters(paramLabel = "ID") String id,
            @Option(names = "--person", paramLabel = "NAME", description = "who decides this (default: the user)")
                    String person) {
        return vmha.connection().change("/v1/vms/" + Connection.segment(id) + "/release", Person.document(person));
    }
}
