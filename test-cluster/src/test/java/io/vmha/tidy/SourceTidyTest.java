package io.vmha.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Rules of the project's style that a machine can check on the text of its files. */
class SourceTidyTest {
    private static final int FILE_LINES_MAX = 600;
    private static final int METHOD_LINES_MAX = 70;
    /** TrustManager and KeyManager are the JDK's own words for what checks a certificate and what holds a key. */
    private static final Pattern NAME_THAT_SAYS_LITTLE =
            Pattern.compile("(?!.*(Trust|Key)Manager$).*(Util|Utils|Helper|Manager|Impl|Processor)");

    /** Written in two parts, so that this file passes its own rule. */
    private static final Pattern LEFT_OPEN = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b(?! ?\\(?#\\d+)");

    /** Where the project was written or built says nothing to its readers, and may say too much. */
    private static final List<Pattern> NOT_FOR_READERS = List.of(
            Pattern.compile("(?<![\\w.$}*-])/(work|root/\\.m2|home/\\w+)/"),
            Pattern.compile("distribution" + "Url|<plugin" + "Repository>|<repos" + "itory>|<mir" + "ror>"),
            Pattern.compile("^[\\s\"]*-----BEGIN [A-Z ]*PRIVATE KEY"),
            Pattern.compile("//[^/\\s:@\"'$<>{}]+:[^/\\s:@\"'$<>{}]+@" + "[\\w.-]+")); // a password in an address

    private static final Set<String> CODE =
            Set.of("java", "py", "sh", "xml", "proto", "yaml", "yml", "js", "html", "css");

    private static final ProjectTree TREE = ProjectTree.find();
    private static final JavaSources SOURCES = JavaSources.parse(TREE.javaFiles());

    @Test
    void everyJavaFileFitsInOneRead() {
        List<String> tooLong = new ArrayList<>();
        for (Path file : TREE.javaFiles()) {
            long lines = TREE.read(file).lines().count();
            if (lines > FILE_LINES_MAX) {
                tooLong.add(TREE.name(file) + " has " + lines + " lines");
            }
        }

        assertThat(tooLong).as("files above %d lines", FILE_LINES_MAX).isEmpty();
    }

    @Test
    void everyMethodFitsOnAScreenAndAHalf() {
        List<String> tooLong = SOURCES.methods().stream()
                .filter(m -> m.lines() > METHOD_LINES_MAX)
                .map(m -> at(m.file(), m.line()) + " " + m.name() + " has " + m.lines() + " lines")
                .toList();

        assertThat(tooLong).as("methods above %d lines", METHOD_LINES_MAX).isEmpty();
    }

    @Test
    void everyTypeHasANameOfTheDomain() {
        List<String> vague = SOURCES.types().stream()
                .filter(t -> NAME_THAT_SAYS_LITTLE.matcher(t.name()).matches())
                .map(t -> at(t.file(), t.line()) + " " + t.name())
                .toList();

        assertThat(vague).as("names that say little: call the type what it is").isEmpty();
    }

    @Test
    void everyPublicTypeSaysWhatItIs() {
        List<String> silent = SOURCES.types().stream()
                .filter(t -> t.exported() && !t.documented())
                .filter(t -> t.file().toString().contains("/src/main/"))
                .map(t -> at(t.file(), t.line()) + " " + t.name())
                .toList();

        assertThat(silent).as("public types without a javadoc sentence").isEmpty();
    }

    @Test
    void nothingIsLeftOpenWithoutAnIssue() {
        List<String> open = new ArrayList<>();
        for (Path file : TREE.files()) {
            if (isCode(file)) {
                collect(file, LEFT_OPEN, open);
            }
        }

        assertThat(open).as("open ends without an issue number, as in (#12)").isEmpty();
    }

    @Test
    void noFileNamesTheMachineItWasWrittenOn() {
        List<String> leaks = new ArrayList<>();
        for (Path file : TREE.files()) {
            for (Pattern pattern : NOT_FOR_READERS) {
                collect(file, pattern, leaks);
            }
        }

        assertThat(leaks)
                .as("paths, repositories or secrets that must not be in the project")
                .isEmpty();
    }

    private void collect(Path file, Pattern pattern, List<String> into) {
        long line = 0;
        for (String text : TREE.read(file).split("\n", -1)) {
            line++;
            Matcher matcher = pattern.matcher(text);
            if (matcher.find()) {
                into.add(at(file, line) + " '" + matcher.group() + "'");
            }
        }
    }

    /** Scripts have no ending in their names but start with {@code #!}. */
    private boolean isCode(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot >= 0
                ? CODE.contains(name.substring(dot + 1))
                : TREE.read(file).startsWith("#!");
    }

    private String at(Path file, long line) {
        return TREE.name(file) + ":" + line;
    }
}
