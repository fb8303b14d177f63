package io.vmha.node.storage;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.StorageReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * One host's part of the proof that all hosts see the same directory. Each writes a file there with a nonce of its own and a number that
 * grows with every round, and reads the files of the others. A nonce counts as seen once its number has been seen to grow: a copy of the
 * directory, from a backup or a golden image, stands still. A host whose own file is not as it left it makes a new nonce, because then the
 * storage is another one. Blocking; used by one thread.
 */
final class StorageProbe {
    /** Below the instances' directory. */
    static final String DIRECTORY = ".vmha";

    private static final int FILE_BYTES_MAX = 200;
    private static final int WORDS_MAX = 200;

    private final HostName self;
    private final String place;
    private final Path directory;
    private final Supplier<String> nonces;
    private final Map<HostName, String> last = new TreeMap<>();
    private final TreeMap<HostName, String> seen = new TreeMap<>();
    private String nonce = "";
    private long round;

    /** @param nonces each call gives another one, without spaces */
    StorageProbe(HostName self, String place, Path instances, Supplier<String> nonces) {
        this.self = self;
        this.place = place;
        this.directory = instances.resolve(DIRECTORY);
        this.nonces = nonces;
    }

    /** One round. */
    StorageReport look(Collection<HostName> hosts) {
        try {
            leaveMark();
            for (HostName host : hosts) {
                if (!host.equals(self)) {
                    lookFor(host);
                }
            }
            seen.keySet().retainAll(hosts);
            last.keySet().retainAll(hosts);
            return new StorageReport(place, nonce, seen, "");
        } catch (IOException e) {
            String words = e.toString();
            return new StorageReport(
                    place,
                    "",
                    new TreeMap<>(),
                    "cannot use " + directory + " ("
                            + words.substring(0, Math.min(WORDS_MAX, words.length()))
                                    .replaceAll("\\s+", " ")
                            + "); let vmhad write there");
        }
    }

    private void leaveMark() throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectory(
                    directory); // not its parents: without the instances' directory there is nothing to prove
        }
        Path own = directory.resolve(self.value());
        boolean asLeft = !nonce.isEmpty() && read(own).equals(Optional.of(nonce + " " + round));
        if (!asLeft) {
            nonce = nonces.get();
        }
        round++;
        Path draft = directory.resolve("." + self.value() + ".draft");
        Files.writeString(draft, nonce + " " + round, StandardCharsets.UTF_8);
        Files.move(draft, own, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void lookFor(HostName host) throws IOException {
        Path file = directory.resolve(host.value()).normalize();
        Optional<String> content = directory.equals(file.getParent()) ? read(file) : Optional.empty();
        if (content.isEmpty()) {
            last.remove(host);
            seen.remove(host);
            return;
        }
        String found = nonceIn(content.get());
        String before = last.put(host, content.get());
        if (!found.equals(seen.get(host))) {
            seen.remove(host);
            boolean moves = before != null && nonceIn(before).equals(found) && !before.equals(content.get());
            if (moves && !found.isEmpty()) {
                seen.put(host, found);
            }
        }
    }

    private static String nonceIn(String content) {
        int space = content.indexOf(' ');
        return space < 0 ? "" : content.substring(0, space);
    }

    private static Optional<String> read(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return Optional.of(new String(in.readNBytes(FILE_BYTES_MAX), StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
