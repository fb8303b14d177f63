package io.vmha.node.raft;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;

/**
 * The form of a snapshot on disk and on its way to a newcomer: a magic number, the configuration that was in force, and the
 * machine's own bytes; with an MD5 file beside it, as Ratis wants it.
 */
final class SnapshotFile {
    private static final long MAGIC = 0x766d_6861_7261_6631L; // "vmharaf1"
    /** Far above any state of an aggregate; protects a newcomer's memory. */
    private static final long BYTES_MAX = 64L << 20;

    private final LogPosition at;
    private final VoterSet configured;
    private final byte[] state;

    /** @param configured the configuration applied last before the snapshot */
    SnapshotFile(LogPosition at, VoterSet configured, byte[] state) {
        this.at = at;
        this.configured = configured;
        this.state = state;
    }

    LogPosition at() {
        return at;
    }

    VoterSet configured() {
        return configured;
    }

    byte[] state() {
        return state;
    }

    /** The file is not what was written. */
    static final class DamagedSnapshotException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedSnapshotException(String message) {
            super(message);
        }
    }

    /** Writes to a temporary file, syncs it, renames it, adds the checksum; a crash in between leaves no half snapshot. */
    SingleFileSnapshotInfo write(SimpleStateMachineStorage storage) throws IOException {
        File file = storage.getSnapshotFile(at.term(), at.index());
        Path tmp = file.toPath().resolveSibling(file.getName() + ".tmp");
        NodeStore.writeDurably(tmp, encode());
        MD5Hash md5 = MD5FileUtil.computeMd5ForFile(tmp.toFile());
        Files.move(tmp, file.toPath(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        MD5FileUtil.saveMD5File(file, md5);
        NodeStore.sync(file.toPath().getParent());
        return new SingleFileSnapshotInfo(new FileInfo(file.toPath(), md5), at.term(), at.index());
    }

    /** @throws DamagedSnapshotException if the checksum or the form is wrong */
    static SnapshotFile read(SingleFileSnapshotInfo info) throws IOException {
        File file = info.getFile().getPath().toFile();
        if (file.length() > BYTES_MAX) {
            throw new DamagedSnapshotException(
                    file + " has " + file.length() + " bytes, at most " + BYTES_MAX + " expected");
        }
        MD5Hash stored = MD5FileUtil.readStoredMd5ForFile(file);
        MD5Hash found = MD5FileUtil.computeMd5ForFile(file);
        if (!found.equals(stored)) {
            throw new DamagedSnapshotException(file + " has MD5 " + found + " but " + stored + " was recorded");
        }
        LogPosition at = new LogPosition(info.getTerm(), info.getIndex());
        try {
            return decode(at, Files.readAllBytes(file.toPath()));
        } catch (IllegalArgumentException e) {
            throw new DamagedSnapshotException(file + " is no snapshot: " + e.getMessage());
        }
    }

    byte[] encode() {
        return Question.bytes(out -> {
            out.writeLong(MAGIC);
            Question.write(out, configured);
            out.write(state);
        });
    }

    static SnapshotFile decode(LogPosition at, byte[] bytes) {
        return Question.parse(bytes, in -> {
            long magic = in.readLong();
            if (magic != MAGIC) {
                throw new IllegalArgumentException(
                        String.format(Locale.ROOT, "expected magic %x but found %x", MAGIC, magic));
            }
            return new SnapshotFile(at, Question.readVoters(in), in.readAllBytes());
        });
    }
}
