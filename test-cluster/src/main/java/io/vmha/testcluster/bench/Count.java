package io.vmha.testcluster.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How many, or for how long: a benchmark of none would measure nothing and say that all is well. */
public final class Count implements ITypeConverter<Integer> {
    private static final int MAX = 1_000_000;

    /** Called by picocli. */
    public Count() {}

    @Override
    public Integer convert(String word) {
        int number = word.matches("[0-9]{1,7}") ? Integer.parseInt(word) : 0;
        if (number < 1 || number > MAX) {
            throw new TypeConversionException("expected a whole number from 1 to " + MAX + " but found '" + word + "'");
        }
        return number;
    }
}
