package io.vmha.gossip.netty;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a snapshot file again and again until it is killed, or until its disk is full. */
final class SnapshotWriterMain {
    private static final int FIRST_PORT = 10_000;
    private static final int MEMBERS = 2_000;
    private static final int FILLER_BYTES = 20_000;

    private SnapshotWriterMain() {}

    /** What is written of a member: the port follows from the name, so that half a line can be told from a whole one. */
    static String line(int number) {
        return "alive: m" + number + " 10.0.0.1:" + (FIRST_PORT + number) + "\n";
    }

    static boolean isWhole(String name, String address) {
        return address.equals("10.0.0.1:" + (FIRST_PORT + Integer.parseInt(name.substring(1))));
    }

    /** Arguments: the directory, and {@code forever} or {@code full}. */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        if (arguments[1].equals("forever")) {
            writeForever(directory);
        } else {
            writeOnAFullDisk(directory);
        }
    }

    private static void writeForever(Path directory) {
        var file = new SnapshotFile(directory);
        var unused = file.read();
        for (int round = 0; ; round++) {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < MEMBERS; i++) {
                all.add(line(i));
            }
            file.rewrite(all);
            if (round == 0) {
                System.out.println("writing");
            }
            for (int i = 0; i < MEMBERS; i++) {
                file.append("not-alive: m" + i + "\n");
                file.append(line(i));
            }
        }
    }

    /** On a file system of 32 KiB. */
    private static void writeOnAFullDisk(Path directory) throws Exception {
        Path filler = directory.resolve("filler");
        Files.write(filler, new byte[FILLER_BYTES]);
        var file = new SnapshotFile(directory);
        var unused = file.read();
        for (int i = 0; i < MEMBERS; i++) {
            file.append(line(i));
        }
        Files.delete(filler);
        file.append(line(MEMBERS));
        var found = new SnapshotFile(directory).read();
        boolean whole = found.alive().entrySet().stream().allMatch(e -> isWhole(e.getKey(), e.getValue()));
        System.out.println("whole=" + whole + " first=" + found.alive().containsKey("m0") + " lost="
                + (found.size() <= MEMBERS) + " last=" + found.alive().containsKey("m" + MEMBERS));
    }
}
