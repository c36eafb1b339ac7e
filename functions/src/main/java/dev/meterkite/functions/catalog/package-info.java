/** The list of all functions, as the table in {@code functions.tsv} gives it. */
@NullMarked
package dev.meterkite.functions.catalog;

import org.jspecify.annotations.NullMarked;
