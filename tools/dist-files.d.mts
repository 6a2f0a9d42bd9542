export declare function orphansOf(project: string): string[];
export declare function staleOf(project: string): string[];
