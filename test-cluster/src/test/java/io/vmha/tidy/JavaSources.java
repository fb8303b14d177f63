package io.vmha.tidy;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** What the compiler's parser says of source files: which types and methods they declare, and where. */
final class JavaSources {
    /**
     * A declared type.
     *
     * @param exported it and every type around it is public, so it is a promise to another package
     */
    record DeclaredType(Path file, long line, String name, boolean exported, boolean documented) {}

    /** A method or constructor with a body of {@code lines} lines, signature and braces counted. */
    record DeclaredMethod(Path file, long line, String name, long lines) {}

    private final List<DeclaredType> types = new ArrayList<>();
    private final List<DeclaredMethod> methods = new ArrayList<>();

    private JavaSources() {}

    static JavaSources parse(List<Path> files) {
        JavaSources sources = new JavaSources();
        if (files.isEmpty()) {
            return sources;
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager =
                compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask)
                    compiler.getTask(null, manager, null, List.of(), null, manager.getJavaFileObjectsFromPaths(files));
            Trees trees = Trees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                sources.new Visitor(trees, unit).scan(unit, null);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sources;
    }

    List<DeclaredType> types() {
        return List.copyOf(types);
    }

    List<DeclaredMethod> methods() {
        return List.copyOf(methods);
    }

    private final class Visitor extends TreePathScanner<Void, Void> {
        private final Trees trees;
        private final SourcePositions positions;
        private final CompilationUnitTree unit;
        private final LineMap lineMap;
        private final Path file;

        Visitor(Trees trees, CompilationUnitTree unit) {
            this.trees = trees;
            this.positions = trees.getSourcePositions();
            this.unit = unit;
            this.lineMap = unit.getLineMap();
            this.file = Path.of(unit.getSourceFile().toUri());
        }

        @Override
        public Void visitClass(ClassTree type, Void none) {
            if (type.getSimpleName().length() > 0) { // an anonymous class has no name and no reader but its method's
                TreePath path = getCurrentPath();
                types.add(new DeclaredType(
                        file,
                        startLine(type),
                        type.getSimpleName().toString(),
                        isExported(path),
                        trees.getDocComment(path) != null));
            }
            return super.visitClass(type, null);
        }

        @Override
        public Void visitMethod(MethodTree method, Void none) {
            if (method.getBody() != null) {
                long start = startLine(method);
                long end = lineMap.getLineNumber(positions.getEndPosition(unit, method));
                methods.add(new DeclaredMethod(file, start, method.getName().toString(), end - start + 1));
            }
            return super.visitMethod(method, null);
        }

        private long startLine(Tree tree) {
            return lineMap.getLineNumber(positions.getStartPosition(unit, tree));
        }

        /** Members of an interface are public without saying so. */
        private boolean isExported(TreePath path) {
            for (TreePath p = path; p != null; p = p.getParentPath()) {
                if (p.getLeaf() instanceof ClassTree type) {
                    boolean inInterface = p.getParentPath().getLeaf() instanceof ClassTree outer
                            && (outer.getKind() == Tree.Kind.INTERFACE || outer.getKind() == Tree.Kind.ANNOTATION_TYPE);
                    if (!inInterface && !type.getModifiers().getFlags().contains(Modifier.PUBLIC)) {
                        return false;
                    }
                } else if (p.getLeaf() instanceof MethodTree) {
                    return false;
                }
            }
            return true;
        }
    }
}
