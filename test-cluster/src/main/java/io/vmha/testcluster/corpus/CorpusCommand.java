package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gossip-corpus}: does every captured frame mean to us what it meant to the program that sent it? */
@Command(
        name = "gossip-corpus",
        mixinStandardHelpOptions = true,
        description = {
            "Reads captures of Serf, Consul and memberlist programs and prints one line for every frame that does not"
                    + " decode to its recorded meaning, or that our encoder would write differently where it must not.",
            "Exit status: 0 all frames are as recorded, 1 some are not, 2 wrong use."
        })
final class CorpusCommand implements Callable<Integer> {
    private static final int EXIT_DIFFERENT = 1;
    private static final int EXIT_USAGE = 2;

    @Parameters(
            index = "0",
            paramLabel = "FOLDER",
            description = "a folder of *.json files, each with a list of frames")
    private Path folder;

    @Option(names = "--json", description = "print the result for programs")
    private boolean json;

    private CorpusCommand() {}

    static int run(String... arguments) {
        return new CommandLine(new CorpusCommand()).execute(arguments);
    }

    @Override
    public Integer call() throws Exception {
        if (!Files.isDirectory(folder)) {
            System.err.println("gossip-corpus: expected a folder of captures but " + folder
                    + " is none; the project's own is gossip/src/test/resources/corpus");
            return EXIT_USAGE;
        }
        CorpusCheck check = CorpusCheck.of(folder);
        if (check.problems().isEmpty() && check.read().isEmpty() && check.otherProtocols() == 0) {
            System.err.println("gossip-corpus: expected captures (*.json) but found no frame in " + folder);
            return EXIT_USAGE;
        }
        if (json) {
            printJson(check);
        } else {
            check.problems().forEach(p -> System.out.println(p.file() + " " + p.frame() + ": " + p.why()));
            System.out.println("frames as recorded: " + check.read() + ", different: "
                    + check.problems().size() + ", of other protocols: " + check.otherProtocols()
                    + ", encoded byte for byte by us: " + check.encodedAlike());
        }
        return check.problems().isEmpty() ? 0 : EXIT_DIFFERENT;
    }

    private static void printJson(CorpusCheck check) throws Exception {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("as_recorded", check.read());
        document.put("different", check.problems());
        document.put("other_protocols", check.otherProtocols());
        document.put("encoded_alike", check.encodedAlike());
        System.out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(document));
    }
}
