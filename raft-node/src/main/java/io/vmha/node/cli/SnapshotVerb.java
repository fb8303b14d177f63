package io.vmha.node.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.vmha.proto.v1.KvEntry;
import io.vmha.proto.v1.SnapshotPartOf;
import io.vmha.proto.v1.SnapshotReply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Backups of what the group has replicated. */
@Command(name = "snapshot", description = "Backups of what the AZ's group has replicated.")
final class SnapshotVerb implements Callable<Integer> {
    /** A leader that changes, or another backup at the same time, make it begin again. */
    private static final int TRIES_MAX = 3;

    private static final int BATCH_BYTES_MAX = 240 * 1024;
    private static final int BATCH_KEYS_MAX = 64;

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "vmha snapshot save FILE, inspect FILE, or restore FILE?");
    }

    @Command(
            description = "Writes everything that was committed before to a new file, which only its owner may read: it"
                    + " holds the values of all keys.")
    int save(@Parameters(paramLabel = "FILE", description = "must not exist") Path file) {
        if (Files.exists(file)) {
            throw new Failure(
                    ExitCode.REFUSED,
                    file + " exists already and is not overwritten: name another file, or remove it first");
        }
        BackupFile backup;
        try (var admin = vmha.connection().admin()) {
            backup = fetched(admin);
        }
        backup.write(file);
        new BackupReport(backup).print(vmha.connection(), spec.commandLine().getOut(), "saved to " + file);
        return ExitCode.OK.number();
    }

    @Command(description = "Checks every byte of a backup and says what it holds; needs no daemon.")
    int inspect(@Parameters(paramLabel = "FILE", description = "what save has written") Path file) {
        new BackupReport(BackupFile.read(file))
                .print(vmha.connection(), spec.commandLine().getOut(), "");
        return ExitCode.OK.number();
    }

    @Command(
            description =
                    "Puts the keys of a backup, with their flags, into the AZ's group, which must be without keys."
                            + " Sessions, locks, hosts, certificates and incidents are not put back: since the backup a"
                            + " host may have begun another life, and a VM may have moved. docs/keys.md says what to do"
                            + " when a group is lost for good.")
    int restore(@Parameters(paramLabel = "FILE", description = "what save has written") Path file) {
        BackupFile backup = BackupFile.read(file);
        List<KvEntry> entries = new BackupReport(backup).entries();
        try (var admin = vmha.connection().admin()) {
            put(admin, backup.about().az(), List.of(), 0);
            int done = 0;
            var batch = new ArrayList<KvEntry>();
            long bytes = 0;
            for (KvEntry entry : entries) {
                long size = entry.getSerializedSize();
                if (!batch.isEmpty() && (batch.size() == BATCH_KEYS_MAX || bytes + size > BATCH_BYTES_MAX)) {
                    done += put(admin, backup.about().az(), batch, done);
                    batch.clear();
                    bytes = 0;
                }
                batch.add(entry);
                bytes += size;
            }
            if (!batch.isEmpty()) {
                done += put(admin, backup.about().az(), batch, done);
            }
            if (vmha.connection().isJson()) {
                spec.commandLine().getOut().println("{\"restored_keys\":" + done + "}");
            } else {
                vmha.connection()
                        .screen()
                        .line(done + " keys restored from index "
                                + backup.about().index());
            }
        }
        return ExitCode.OK.number();
    }

    private static int put(Admin admin, String az, List<KvEntry> batch, int before) {
        Admin.Answer answer = admin.restore(az, batch);
        if (answer.status() >= 300) {
            String why = Document.parse(answer.json()).text("error");
            throw new Failure(
                    answer.status() == 503 ? ExitCode.NO_LEADER : ExitCode.REFUSED,
                    before == 0 && batch.isEmpty()
                            ? why
                            : why + "; " + before + " keys were restored before: delete them all and begin again");
        }
        return batch.size();
    }

    private static BackupFile fetched(Admin admin) {
        String why = "";
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            SnapshotReply first = answered(admin.snapshot("", SnapshotPartOf.getDefaultInstance()));
            long total = first.getPart().getTotal();
            if (total > BackupFile.STATE_BYTES_MAX) {
                throw new Failure(
                        ExitCode.REFUSED,
                        "the state has " + total + " bytes, more than the " + BackupFile.STATE_BYTES_MAX
                                + " that a snapshot may have");
            }
            var state = new byte[(int) total];
            int read = copy(first.getPart().getContent(), state, 0);
            while (read > 0 && read < state.length) {
                SnapshotReply next = admin.snapshot(
                        first.getVoter(),
                        SnapshotPartOf.newBuilder()
                                .setIndex(first.getPart().getIndex())
                                .setOffset(read)
                                .build());
                why = next.getError();
                read = next.getStatus() < 300 ? read + copy(next.getPart().getContent(), state, read) : 0;
            }
            if (read == state.length) {
                ByteString whole = UnsafeByteOperations.unsafeWrap(state);
                return new BackupFile(about(first, whole), whole);
            }
        }
        throw new Failure(ExitCode.NO_LEADER, "no whole snapshot in " + TRIES_MAX + " tries, last: " + why);
    }

    private static int copy(ByteString from, byte[] to, int at) {
        from.copyTo(to, at);
        return from.size();
    }

    private static SnapshotReply answered(SnapshotReply reply) {
        if (reply.getStatus() >= 300) {
            throw new Failure(reply.getStatus() == 503 ? ExitCode.NO_LEADER : ExitCode.REFUSED, reply.getError());
        }
        return reply;
    }

    private static BackupFile.About about(SnapshotReply first, ByteString state) {
        return new BackupFile.About(
                BackupReport.azOf(state),
                first.getGroup(),
                first.getPart().getIndex(),
                first.getPart().getTerm(),
                first.getPart().getVotersList(),
                first.getVoter(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                new VmhaCommand.Version().getVersion()[0],
                state.size(),
                BackupFile.sha256(state));
    }
}
