import com.sun.source.util.JavacTask;
import java.io.File;
import java.util.Arrays;
import javax.tools.ToolProvider;

/** Parses each file that is named, without looking for the classes it uses; says what is no Java. */
public class Parse {
    public static void main(String[] names) throws Exception {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var files = compiler.getStandardFileManager(null, null, null);
        var units = files.getJavaFileObjectsFromFiles(Arrays.stream(names).map(File::new).toList());
        var wrong = new boolean[1];
        var task = (JavacTask) compiler.getTask(null, files, problem -> {
            wrong[0] = true;
            System.err.println(problem);
        }, null, null, units);
        task.parse();
        System.exit(wrong[0] ? 1 : 0);
    }
}
