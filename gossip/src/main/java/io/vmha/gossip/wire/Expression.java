package io.vmha.gossip.wire;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.regex.Matcher;

/**
 * A regular expression that somebody else wrote (RE2 syntax, as in Go): it runs in linear time, and one that would compile to something
 * large is not compiled at all.
 */
public final class Expression {
    private static final int LENGTH_MAX = 512;

    /** RE2 in Go refuses more; RE2/J checks each repetition alone, and nested ones multiply. */
    private static final long REPETITIONS_MAX = 1000;

    private static final java.util.regex.Pattern REPETITION =
            java.util.regex.Pattern.compile("\\{([0-9]{1,9})(?:,([0-9]{0,9}))?\\}");

    private final Pattern pattern;

    private Expression(Pattern pattern) {
        this.pattern = pattern;
    }

    /**
     * Compiles an expression.
     *
     * @throws WireFormatException if it is wrong or too large
     */
    public static Expression of(String text) {
        if (text.length() > LENGTH_MAX || repetitions(text) > REPETITIONS_MAX) {
            throw new WireFormatException("a regular expression must have at most " + LENGTH_MAX
                    + " characters and repeat at most " + REPETITIONS_MAX + " times");
        }
        try {
            return new Expression(Pattern.compile(text));
        } catch (PatternSyntaxException wrong) {
            throw new WireFormatException("not a regular expression: " + wrong.getMessage(), wrong);
        }
    }

    /** Tells whether any part of the value matches. */
    public boolean isFoundIn(String value) {
        return pattern.matcher(value).find();
    }

    /** Tells whether the value as a whole matches. */
    public boolean matches(String value) {
        return pattern.matcher(value).matches();
    }

    /** The product of all counted repetitions: at least what nested ones expand to. */
    private static long repetitions(String expression) {
        long product = 1;
        Matcher counted = REPETITION.matcher(expression);
        while (counted.find() && product <= REPETITIONS_MAX) {
            product *= Math.max(1, Math.max(number(counted.group(1)), number(counted.group(2))));
        }
        return product;
    }

    private static long number(String digits) {
        return digits == null || digits.isEmpty() ? 0 : Long.parseLong(digits);
    }
}
